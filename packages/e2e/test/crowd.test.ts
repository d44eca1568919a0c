import type { OrderId } from '@boxoffice/contracts'
import { pause } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishEvent } from '../src/events.ts'
import { findViolations } from '../src/invariants/invariants.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { type TestSystem, useTestSystem } from './start.ts'

const BUYERS = 200
const PLACES = 100
const PRICE = 4_237
let running: TestSystem
let buyers: Person[]
let sale: Awaited<ReturnType<typeof publishEvent>>

beforeAll(async () => {
  running = await useTestSystem()
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  sale = await publishEvent(organizer, { name: 'Sold out in a minute', quantity: PLACES, unitPrice: PRICE })
  buyers = []
  while (buyers.length < BUYERS) {
    const some = Array.from({ length: 20 }, (_, n) =>
      running.person({ firstName: 'Buyer', lastName: `No ${buyers.length + n}` }),
    )
    buyers.push(...(await Promise.all(some)))
  }
})
afterAll(() => running?.expectDocumented())

test('of 200 concurrent buyers of 100 tickets, 100 get one and no other is charged', async () => {
  let watching = true
  const always = (async () => {
    const seen = new Set<string>()
    while (watching) {
      const broken = (await findViolations(running.observed)).filter(({ invariant }) =>
        ['I1', 'I3', 'I4', 'I6'].includes(invariant),
      )
      for (const { invariant, statement } of broken) seen.add(`${invariant}: ${statement}`)
      await pause(200) // The system must keep making progress under constant polling.
    }
    return [...seen]
  })()

  const outcomes = await Promise.all(
    buyers.map(async (buyer) => {
      const answer = await buyer.buy({ ...sale, quantity: 1 })
      if (answer.status === 409) return { status: 'REFUSED', error: answer.body.error }
      if (answer.status !== 201 && answer.status !== 202)
        throw new Error(`unexpected response ${answer.status}: ${JSON.stringify(answer.body)}`)
      return buyer.waitForOrder(
        answer.body.orderId,
        ({ status }) => status === 'CONFIRMED' || status === 'FAILED',
      )
    }),
  )
  watching = false
  expect(await always).toEqual([])

  const confirmed = outcomes.filter(({ status }) => status === 'CONFIRMED')
  expect(confirmed).toHaveLength(PLACES)
  for (const outcome of outcomes) {
    if ('error' in outcome) expect(outcome.error).toBe('INSUFFICIENT_INVENTORY')
    else if (outcome.status === 'FAILED')
      expect(outcome).toMatchObject({ failureReason: 'INSUFFICIENT_INVENTORY' })
  }
  const ours = new Set(outcomes.flatMap((outcome) => ('orderId' in outcome ? outcome.orderId : [])))
  const totals = (await running.ledger()).totals.filter(({ orderId }) => ours.has(orderId as OrderId))
  expect(totals.filter(({ captured }) => captured > 0)).toHaveLength(PLACES)
  expect(totals.reduce((sum, { captured, refunded }) => sum + captured - refunded, 0)).toBe(PLACES * PRICE)
  const { ticketTypes } = expectStatus(
    await (buyers[0] as Person).tickets.listTicketTypes({ query: { eventId: sale.eventId } }),
    200,
  )
  expect(ticketTypes).toMatchObject([{ quantityTotal: PLACES, quantityAvailable: 0 }])
  await running.expectAgreement()
})
