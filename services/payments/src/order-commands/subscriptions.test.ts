import { createOrderCommand, type OrderId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { fakeTx } from '@boxoffice/service-kit/testing'
import { expect, test } from 'vitest'
import type { CommandOutcome } from './metrics.ts'
import { orderCommandSubscribers } from './subscriptions.ts'

const orderId = 'order' as OrderId

/** A waiting saga, a commit that succeeds or fails, and one slot or none. */
function begin({ commits, slots }: { commits: boolean; slots: number }) {
  const counted: CommandOutcome[] = []
  const happened: string[] = []
  const statements: string[] = []
  const saga = {
    orderId,
    state: 'QUEUED',
    context: {},
    version: 1,
    fence: 1,
    attempts: 0,
    createdAt: new Date(),
  }
  const committed: (() => unknown)[] = []
  const rolledBack: (() => unknown)[] = []
  const tx: Tx = {
    ...fakeTx(async (sql) => {
      statements.push(sql.replace(/\s+/g, ' '))
      return [saga]
    }),
    afterCommit: (effect) => void committed.push(effect),
    afterRollback: (effect) => void rolledBack.push(effect),
  }
  async function transact(work: () => Promise<void>) {
    await work()
    for (const effect of commits ? committed : rolledBack) effect()
    if (!commits) throw new Error('the commit failed')
  }
  const slot = { work: () => {}, free: () => void happened.push('slot freed') }
  const subscribers = orderCommandSubscribers({
    apply: async () => ({
      applied: true,
      order: null as never,
      saga: { ...saga, state: 'RESERVING' } as never,
    }),
    orderCommandMetrics: {
      taken: (_: string, outcome: CommandOutcome) => void counted.push(outcome),
    } as never,
    resumer: {} as never,
    config: { leaseMs: 15_000 } as never,
    queuedOrders: {
      claim: () => (slots > 0 ? slot : null),
      work: () => void happened.push('worked on'),
      nudge: () => void happened.push('looked for'),
    },
  })
  const [create] = subscribers
  const message = { eventType: createOrderCommand.eventType, payload: { orderId } }
  const done = transact(async () => create?.handle(tx, message as never))
  return { done, counted, happened, statements }
}

test('an order begins in a slot, and is counted and worked on when that is committed', async () => {
  const { done, counted, happened } = begin({ commits: true, slots: 1 })
  await done
  expect([counted, happened]).toEqual([['done'], ['worked on']])
})

test('an order whose beginning is rolled back is not counted, and its slot is free', async () => {
  const { done, counted, happened } = begin({ commits: false, slots: 1 })
  await expect(done).rejects.toThrow('the commit failed')
  expect([counted, happened]).toEqual([[], ['slot freed']])
})

test('an order that finds no slot is due from then on, and does not begin', async () => {
  const { done, counted, happened, statements } = begin({ commits: true, slots: 0 })
  await done
  expect([counted, happened]).toEqual([['waiting'], ['looked for']])
  expect(statements.at(-1)).toContain("where order_id = $1 and state = 'QUEUED'")
})
