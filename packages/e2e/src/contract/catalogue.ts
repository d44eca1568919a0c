import { publicApi, type Route, type ServiceKey } from '@boxoffice/contracts'

/** Operation name, such as `auth.register` or `notifications.getOutbox`. */
export type OperationName = { [S in ServiceKey]: `${S}.${keyof (typeof publicApi)[S] & string}` }[ServiceKey]

export interface Operation {
  readonly name: OperationName
  readonly service: ServiceKey
  readonly route: Route
}

export const operations: readonly Operation[] = Object.entries(publicApi).flatMap(([service, routes]) =>
  Object.entries(routes).map(([name, route]) => ({
    name: `${service}.${name}` as OperationName,
    service: service as ServiceKey,
    route: route as Route,
  })),
)
