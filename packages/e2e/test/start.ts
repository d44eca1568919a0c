import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { claimPorts, type SystemOptions, startSystem } from '@boxoffice/stack'
import { inject } from 'vitest'
import { loadAnswerCheck } from '../src/contract/answers.ts'
import { expectInvariants } from '../src/invariants/invariants.ts'
import type { Observed } from '../src/invariants/observed.ts'
import { createMailReader } from '../src/mails.ts'
import { grantAdmin } from '../src/operator.ts'
import { createPerson } from '../src/person.ts'

/** The whole system, each service a process of its own, with a folder and ports of its own. */
export async function startTestSystem(options: Pick<SystemOptions, 'env' | 'instances' | 'traces'> = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-e2e-'))
  const lines: string[] = []
  const system = await startSystem({
    folder,
    ports: await claimPorts(),
    log: (line) => lines.push(line),
    unsafe: true,
    stores: inject('stores'),
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
  const check = await loadAnswerCheck(urls.edge)
  const observed: Observed = { databaseUrl: system.databaseUrl, redisUrl: urls.redis, ledger }
  const person = (name: Parameters<typeof createPerson>[1], options: Parameters<typeof createPerson>[2] = {}) =>
    createPerson(urls.edge, name, { check, ...options })
  return {
    system,
    edge: urls.edge,
    /** Every answer that the people of this system get is checked against the OpenAPI documents. */
    check,
    person,
    /** Somebody with the role of an operator, given as operators are given it. */
    async operator() {
      const operator = await person({ firstName: 'Oda', lastName: 'Operator' })
      await grantAdmin(urls.auth, folder, operator.email)
      await operator.signIn()
      return operator
    },
    mails: createMailReader(urls.mailbox),
    ledger,
    /** What the gateway has of one order; nothing where it knows none. */
    moneyOf: async (orderId: string) => (await ledger(orderId)).totals[0] ?? { captured: 0, refunded: 0, successfulCharges: 0 },
    observed,
    /** Resolves when tickets, money, messages and Redis agree. */
    expectAgreement: () => expectInvariants(observed),
    folder,
    /** Throws when an answer was not as the OpenAPI documents describe it. */
    async stop() {
      await system.stop()
      await rm(folder, { recursive: true, force: true })
      if (check.violations.length > 0)
        throw new Error(`not as documented:\n${[...new Set(check.violations)].slice(0, 20).join('\n')}`)
    },
  }
}
export type TestSystem = Awaited<ReturnType<typeof startTestSystem>>
