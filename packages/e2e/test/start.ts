import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { claimPorts, type SystemOptions, startSystem } from '@boxoffice/stack'
import { expectInvariants, type Observed } from '../src/invariants.ts'
import { createMailReader } from '../src/mails.ts'

/** The whole system, each service a process of its own, with a folder and ports of its own. */
export async function startTestSystem(options: Pick<SystemOptions, 'env' | 'instances'> = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-e2e-'))
  const lines: string[] = []
  const system = await startSystem({
    folder,
    ports: await claimPorts(),
    log: (line) => lines.push(line),
    unsafe: true,
    ...options,
  })
  const { urls } = system
  /** In the gateway's own books, in minor units. */
  const ledger = async (orderId?: string) => {
    const response = await fetch(`${urls.sandbox}/ledger${orderId ? `?orderId=${orderId}` : ''}`)
    return (await response.json()) as {
      entries: { kind: string; amount: number; orderId: string }[]
      totals: { orderId: string; captured: number; refunded: number; successfulCharges: number }[]
    }
  }
  const observed: Observed = { databaseUrl: system.databaseUrl, redisUrl: urls.redis, ledger }
  return {
    system,
    edge: urls.edge,
    mails: createMailReader(urls.mailbox),
    ledger,
    /** What the gateway has of one order; nothing where it knows none. */
    moneyOf: async (orderId: string) => (await ledger(orderId)).totals[0] ?? { captured: 0, refunded: 0, successfulCharges: 0 },
    observed,
    /** Resolves when tickets, money, messages and Redis agree. */
    expectAgreement: () => expectInvariants(observed),
    async stop() {
      await system.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type TestSystem = Awaited<ReturnType<typeof startTestSystem>>
