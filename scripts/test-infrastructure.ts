import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  chooseStores,
  findRunning,
  type StoreKind,
  startAws,
  startAwsContainer,
  startPostgres,
  startPostgresContainer,
  startRedis,
  startRedisContainer,
  stopPostgres,
  stopRedis,
  writePidFile,
} from '@boxoffice/stack'
import { claimPort } from '@boxoffice/testing'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the server's own database: each test file makes one of its own beside it. */
    postgresUrl: string
    /** Shared by all files: each takes keys of its own. */
    redisUrl: string
    /** SNS and SQS, in memory, shared by all files: each takes names of its own. */
    awsEndpoint: string
    /** What these are, and those of whole systems are to be: see `chooseStores`. */
    stores: StoreKind
  }
}

const PREFIX = 'boxoffice-test-'
const places = (folder: string) => ({
  postgres: path.join(folder, 'postgres'),
  redis: path.join(folder, 'redis'),
  owner: path.join(folder, 'owner.pid'),
})

/** Boots what the tests need, once a run, on ports of its own, in containers with STACK=docker; what it returns takes it down. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stores = await chooseStores(process.env.STACK)
  project.provide('stores', stores)
  await removeLeftovers()
  const folder = await mkdtemp(path.join(tmpdir(), PREFIX))
  const { postgres: postgresDir, redis: redisDir, owner } = places(folder)
  writePidFile(owner, process.pid)
  const stops: (() => Promise<void>)[] = []
  const teardown = async () => {
    await Promise.allSettled(stops.splice(0).map((stop) => stop()))
    await rm(folder, { recursive: true, force: true })
  }
  process.once('exit', () => abandon(folder)) // a run that is interrupted does not wait for its teardown
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
            boot(startPostgres({ dataDir: postgresDir, port: postgresPort, unsafe: true })),
            boot(startRedis({ dataDir: redisDir, port: redisPort, log: console.log, unsafe: true })),
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

/** Tell the servers of `folder` to end, without waiting; the next run removes the rest. */
function abandon(folder: string): void {
  const { postgres, redis } = places(folder)
  const postmaster = path.join(postgres, 'postmaster.pid')
  const pids = [findRunning(`${redis}.pid`), existsSync(postmaster) && Number.parseInt(readFileSync(postmaster, 'utf8'), 10)]
  for (const pid of pids) if (pid) process.kill(pid, 'SIGINT')
}

/** What runs left behind that were killed before they could take it down. */
async function removeLeftovers(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX))
  for (const folder of names.map((name) => path.join(tmpdir(), name))) {
    const { postgres, redis, owner } = places(folder)
    if (!existsSync(owner) || findRunning(owner)) continue // just beginning, or in use
    try {
      await Promise.all([stopPostgres(postgres), stopRedis(redis)])
      await rm(folder, { recursive: true, force: true })
    } catch {
      // another user's
    }
  }
}
