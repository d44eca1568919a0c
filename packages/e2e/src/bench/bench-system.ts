import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { claimPorts, type SystemOptions, startSystem } from '@boxoffice/stack'
import type { Observed } from '../invariants/observed.ts'
import { grantAdmin } from '../operator.ts'
import { createPerson, type Person } from '../person.ts'
import { step } from './report.ts'

/** A whole system of its own, on free ports and with a folder that goes when it stops; PostgreSQL waits for the disk as it should. */
export async function startBenchSystem(options: Pick<SystemOptions, 'env' | 'instances'> = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-bench-'))
  step('starting a system of its own')
  const system = await startSystem({ folder, ports: await claimPorts(), log: () => {}, ...options })
  const { urls } = system
  const ledger: Observed['ledger'] = async () => (await fetch(`${urls.sandbox}/ledger`)).json() as never
  return {
    system,
    observed: { databaseUrl: system.databaseUrl, redisUrl: urls.redis, ledger } satisfies Observed,
    person: (firstName: string, how: { organizer?: boolean } = {}) =>
      createPerson(urls.edge, { firstName, lastName: 'Bench' }, how),
    /** Somebody with the role of an operator. */
    async operator(): Promise<Person> {
      const operator = await createPerson(urls.edge, { firstName: 'Oda', lastName: 'Operator' })
      await grantAdmin(urls.auth, folder, operator.email)
      await operator.signIn()
      return operator
    },
    async stop(): Promise<void> {
      await system.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type BenchSystem = Awaited<ReturnType<typeof startBenchSystem>>

/** The sum of a counter or gauge over its labels, as a service's metrics say it. */
export async function readMetric(serviceUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${serviceUrl}/actuator/prometheus`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  if (lines.length === 0) throw new Error(`${serviceUrl} has no metric ${name}`)
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
