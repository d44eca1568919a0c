/** The images that tests run on: those of docker-compose.yml. */
export const images = {
  postgres: 'postgres:17.10-bookworm',
  redis: 'valkey/valkey:8.1.4',
  aws: 'localstack/localstack:4.14.0',
} as const
