import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { claimPort, startAws, startPostgres, startRedis } from '@boxoffice/stack'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the server's own database: each test file makes one of its own beside it. */
    postgresUrl: string
    /** Shared by all files: each takes keys of its own. */
    redisUrl: string
    /** SNS and SQS, in memory, shared by all files: each takes names of its own. */
    awsEndpoint: string
  }
}

/** Boots what the tests need, once a run, on ports of its own; what it returns takes it down. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-test-'))
  const stops: (() => Promise<void>)[] = []
  const teardown = async () => {
    await Promise.all(stops.map((stop) => stop()))
    await rm(folder, { recursive: true, force: true })
  }
  const boot = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const server = await starting
    stops.push(server.stop)
    return server
  }
  try {
    const ports = [await claimPort(0), await claimPort(0)] as const
    const booting = [
      boot(startPostgres({ dataDir: path.join(folder, 'postgres'), port: ports[0], unsafe: true })),
      boot(startRedis({ dataDir: path.join(folder, 'redis'), port: ports[1], log: console.log, unsafe: true })),
      boot(startAws({ port: 0 })),
    ] as const
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
