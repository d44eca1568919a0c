import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serviceKeys } from '@boxoffice/contracts'
import {
  abandonStores,
  type ChildName,
  claimPorts,
  loadSecrets,
  type SystemOptions,
  startSystem,
} from '@boxoffice/stack'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { Observed } from '../invariants/observed.ts'
import { grantAdmin } from '../operator.ts'
import { createPerson, type Person } from '../person.ts'
import { startGenerator } from './load/generator.ts'
import type { Observable } from './measure/limits.ts'
import { parentOf } from './measure/processes.ts'
import { step } from './report.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Starts a separate system on free ports, with a folder that is removed when it stops; PostgreSQL waits for
 * the disk (fsync) as in production.
 */
export async function startBenchSystem(options: Pick<SystemOptions, 'env' | 'instances' | 'traces'> = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-bench-'))
  step('starting a separate system')
  const system = await startSystem({ folder, ports: await claimPorts(), log: () => {}, ...options })
  // Children exit with this process; PostgreSQL and Redis do not.
  const abandon = () => {
    abandonStores(folder)
    process.exit(1)
  }
  for (const signal of SIGNALS) process.once(signal, abandon)
  const { urls } = system
  const ledger: Observed['ledger'] = async () => (await fetch(`${urls.sandbox}/ledger`)).json() as never
  const nameOf = (key: string, instance: number) => (instance === 0 ? key : `${key}-${instance + 1}`)
  const services = serviceKeys.flatMap((key) =>
    Array.from({ length: options.instances?.[key] ?? 1 }, (_, instance) => ({ key, instance })),
  )
  return {
    system,
    secrets: loadSecrets(folder),
    observed: { databaseUrl: system.databaseUrl, redisUrl: urls.redis, ledger } satisfies Observed,
    /** Returns the processes to observe during a measurement, stores included. */
    async observable(): Promise<Observable & { databaseUrl: string; pids: Record<string, number> }> {
      const standIns: ChildName[] = ['edge', 'aws', 'mailbox', 'sandbox']
      const children = [
        ...services.map(
          ({ key, instance }) => [nameOf(key, instance), system.service(key, instance).pid] as const,
        ),
        ...standIns.map((name) => [name, system.service(name).pid] as const),
      ]
      const stores = [
        ['PostgreSQL', await postmasterOf(system.databaseUrl('tickets'))] as const,
        ['Redis', await pidOfRedis(urls.redis)] as const,
      ]
      return {
        pids: Object.fromEntries([...children, ...stores].map(([name, pid]) => [name, pid ?? 0])),
        databaseUrl: system.databaseUrl('tickets'),
        metrics: Object.fromEntries(serviceKeys.map((key) => [key, urls[key]])),
      }
    },
    /** Starts a load generator that spreads a service's requests over all of its instances. */
    generator: () => startGenerator(Object.values(system.instances)),
    person: (firstName: string, how: { organizer?: boolean; proven?: boolean } = {}) =>
      createPerson(urls, { firstName, lastName: 'Bench' }, how),
    /** Registers a user with the operator role. */
    async operator(): Promise<Person> {
      const operator = await createPerson(urls, { firstName: 'Oda', lastName: 'Operator' }, { proven: true })
      await grantAdmin(urls.auth, folder, operator.email)
      await operator.signIn()
      return operator
    },
    async stop(): Promise<void> {
      for (const signal of SIGNALS) process.off(signal, abandon)
      await system.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type BenchSystem = Awaited<ReturnType<typeof startBenchSystem>>

/** Starts a system for one bench and always stops it. */
export async function withBenchSystem(
  options: Parameters<typeof startBenchSystem>[0],
  work: (bench: BenchSystem) => Promise<void>,
): Promise<void> {
  const bench = await startBenchSystem(options)
  try {
    await work(bench)
  } finally {
    await bench.stop()
  }
}

/** Sets the same number of processes for every service. */
export const instancesOf = (count: number): Record<(typeof serviceKeys)[number], number> =>
  Object.fromEntries(serviceKeys.map((key) => [key, count])) as never

/** Returns the first process of PostgreSQL, the parent of every session. */
async function postmasterOf(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const postmaster = await parentOf(rows[0]?.pid ?? 0)
  await client.end()
  return postmaster
}

async function pidOfRedis(url: string): Promise<number> {
  const redis = new Redis(url)
  const info = await redis.info('server').finally(() => redis.disconnect())
  return Number(/process_id:(\d+)/.exec(info)?.[1] ?? 0)
}

/** Sums a counter or gauge over its labels, from a service's metrics. */
export async function readMetric(serviceUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${serviceUrl}/actuator/prometheus`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  if (lines.length === 0) throw new Error(`${serviceUrl} has no metric ${name}`)
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
