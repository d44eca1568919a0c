import path from 'node:path'
import { createAws, messagingConfig, messagingEnvironment, provision } from '@boxoffice/messaging'
import { readEnvironment } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { StoreKind } from './docker/engine.ts'
import { startAwsContainer, startPostgresContainer, startRedisContainer } from './docker/stores.ts'
import type { Environment } from './environment.ts'
import { type Launcher, settled } from './launch.ts'
import type { layout } from './leftovers.ts'
import type { Ports } from './ports.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import { startRedis } from './redis/redis.ts'

interface StoresOptions {
  ports: Ports
  log: (line: string) => void
  unsafe?: boolean
  stores?: StoreKind
}

/**
 * Starts PostgreSQL and Redis: programs of this machine with their data in `places`, or containers that keep
 * nothing. `prepare` is what PostgreSQL needs before it is usable; it does not wait for Redis, which may have
 * to be downloaded.
 */
export async function startStores(
  launcher: Launcher,
  options: StoresOptions,
  {
    places,
    prepare,
  }: { places: ReturnType<typeof layout>; prepare: (postgres: Postgres) => Promise<unknown> },
) {
  const { ports, log, unsafe, stores } = options
  const startingPostgres = () =>
    stores === 'containers'
      ? startPostgresContainer({ port: ports.postgres })
      : startPostgres({ dataDir: places.postgres, port: ports.postgres, log, ...(unsafe && { unsafe }) })
  const startingRedis = () =>
    stores === 'containers'
      ? startRedisContainer({ port: ports.redis })
      : startRedis({ dataDir: places.redis, port: ports.redis, log })
  const preparePostgres = async () => {
    const postgres = await launcher.step('PostgreSQL', () => launcher.adopt(startingPostgres()))
    await launcher.step('databases', () => prepare(postgres))
    return postgres
  }
  const [postgres, redis] = await settled([
    preparePostgres(),
    launcher.step('Redis', () => launcher.adopt(startingRedis())),
  ])
  return { postgres, redis }
}
export type Stores = Awaited<ReturnType<typeof startStores>>

/**
 * Starts SNS and SQS with the topology of contracts, where `env` says: our own process with its data in
 * `places`, or LocalStack.
 */
export async function startMessaging(
  launcher: Launcher,
  { ports, stores }: StoresOptions,
  { places, env }: { places: ReturnType<typeof layout>; env: Environment },
): Promise<void> {
  if (stores !== 'containers') {
    const program = path.join(import.meta.dirname, 'aws/main.ts')
    return launcher.startChild('aws', program, { ...env, PORT: `${ports.aws}`, DATA_DIR: places.aws })
  }
  await launcher.adopt(startAwsContainer({ port: ports.aws }))
  const client = createAws(messagingConfig(readEnvironment(z.object(messagingEnvironment), env)))
  await provision(client).finally(() => client.close())
}
