import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  chooseStores,
  type StoreKind,
  startAws,
  startAwsContainer,
  startPostgres,
  startPostgresContainer,
  startRedis,
  startRedisContainer,
} from '@boxoffice/stack'
import { claimPort } from '@boxoffice/testing'
import type { TestProject } from 'vitest/node'
import { RUN_VARIABLE } from './processes.ts'
import { beginRun } from './run.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the server's default database; each test file creates its own. */
    postgresUrl: string
    /** Shared by all files; each uses its own keys. */
    redisUrl: string
    /** SNS and SQS in memory, shared by all files; each uses its own names. */
    awsEndpoint: string
    /** The kind of stores, here and in whole systems: see `chooseStores`. */
    stores: StoreKind
  }
}

/**
 * Starts the stores that the tests need, once per run, on their own ports, in containers with STACK=docker;
 * returns the teardown. If vitest was started directly, not by `npm test`, it also begins the test run.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = process.env[RUN_VARIABLE] ? null : await beginRun()
  Object.assign(process.env, run?.environment)
  const stores = await chooseStores(process.env.STACK)
  project.provide('stores', stores)
  const folder = await mkdtemp(path.join(tmpdir(), 'stores-'))
  const stops: (() => Promise<void>)[] = []
  const teardown = async () => {
    await Promise.allSettled(stops.splice(0).map((stop) => stop()))
    await rm(folder, { recursive: true, force: true })
    await run?.end()
  }
  const boot = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const server = await starting
    stops.push(server.stop)
    return server
  }
  try {
    const [postgresPort, redisPort, awsPort] = [await claimPort(), await claimPort(), await claimPort()]
    const booting =
      stores === 'containers'
        ? ([
            boot(startPostgresContainer({ port: postgresPort })),
            boot(startRedisContainer({ port: redisPort })),
            boot(startAwsContainer({ port: awsPort })),
          ] as const)
        : ([
            boot(startPostgres({ dataDir: path.join(folder, 'postgres'), port: postgresPort, unsafe: true })),
            boot(
              startRedis({
                dataDir: path.join(folder, 'redis'),
                port: redisPort,
                log: console.log,
                unsafe: true,
              }),
            ),
            boot(startAws({ port: awsPort })),
          ] as const)
    await Promise.allSettled(booting)
    const [postgres, redis, aws] = await Promise.all(booting)
    project.provide('postgresUrl', postgres.url('postgres'))
    project.provide('redisUrl', redis.url)
    project.provide('awsEndpoint', aws.endpoint)
  } catch (error) {
    await teardown()
    throw error
  }
  return teardown
}
