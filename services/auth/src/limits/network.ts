export { networkOf } from '@boxoffice/service-kit'
