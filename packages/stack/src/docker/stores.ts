import type { Aws } from '../aws/aws.ts'
import type { Postgres } from '../postgres.ts'
import type { Redis } from '../redis/redis.ts'
import { startContainer } from './container.ts'
import { images } from './images.ts'

/** Runs PostgreSQL as `startPostgres` does, for tests: keeps nothing, and does not wait for a disk. */
export async function startPostgresContainer(options: { port: number }): Promise<Postgres> {
  const { stop } = await startContainer({
    image: images.postgres,
    // No password, as without containers: only this machine can reach it.
    env: { POSTGRES_HOST_AUTH_METHOD: 'trust', POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C' },
    command: ['postgres', '-c', 'max_connections=300', '-c', 'fsync=off', '-c', 'full_page_writes=off'],
    port: { inside: 5432, outside: options.port },
    memory: ['/var/lib/postgresql/data'],
    // Over TCP: while it creates its first database it listens on a socket only.
    ready: (wait) => wait.forSuccessfulCommand('pg_isready -h 127.0.0.1 -U postgres'),
  })
  return { url: (database) => `postgres://postgres@127.0.0.1:${options.port}/${database}`, stop }
}

/** Runs Valkey as `startRedis` does a Redis, for tests: keeps nothing. */
export async function startRedisContainer(options: { port: number }): Promise<Redis> {
  const { stop } = await startContainer({
    image: images.redis,
    command: ['valkey-server', '--maxmemory-policy', 'noeviction', '--appendonly', 'no', '--save', ''],
    port: { inside: 6379, outside: options.port },
    memory: ['/data'],
    ready: (wait) => wait.forSuccessfulCommand('valkey-cli -e ping'),
  })
  return { url: `redis://127.0.0.1:${options.port}`, stop }
}

/** Runs LocalStack's SNS, SQS and SES, as `startAws` does the first two, empty. */
export async function startAwsContainer(options: { port: number }): Promise<Aws> {
  const { stop } = await startContainer({
    image: images.aws,
    env: { SERVICES: 'sns,sqs,ses', DISABLE_EVENTS: '1', SKIP_SSL_CERT_DOWNLOAD: '1' },
    port: { inside: 4566, outside: options.port },
    ready: (wait) => wait.forLogMessage('Ready.'),
  })
  return { endpoint: `http://127.0.0.1:${options.port}`, stop }
}
