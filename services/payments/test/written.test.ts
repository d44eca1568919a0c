import { randomUUID } from 'node:crypto'
import { paymentCompleted } from '@boxoffice/contracts'
import { longNames, refusedNames, refusedSeatLabels, seatLabels, writtenNames } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { eventId, venueId } from './stubs.ts'

// Names as they are written around the world, at the API of this service. Sent as JSON, since a client would
// normalize them.

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterAll(() => payments.stop())

const ticketTypeId = randomUUID()
const send = (method: 'POST' | 'PATCH', url: string, payload: object) =>
  payments.app.inject({
    method,
    url,
    payload,
    headers: { ...payments.buyer.headers, ...(method === 'POST' && { 'idempotency-key': randomUUID() }) },
  })
const order = (holderName: string) => ({
  eventId,
  ticketRequests: [{ ticketTypeId, quantity: 1 }],
  paymentMethod: 'CREDIT_CARD',
  paymentToken: 'pm_card_visa',
  holderName,
})

test('the name of a holder is kept as written, in the order and its messages', async () => {
  for (const { typed, kept = typed, why } of [
    ...writtenNames,
    ...longNames.map((typed) => ({ typed, kept: typed, why: 'long' })),
  ]) {
    const answer = await send('POST', '/api/payments/orders', order(typed))
    expect(answer.json(), why).toMatchObject({ holderName: kept })
    const { orderId } = answer.json()
    const { payload } = await payments.probe.waitFor(
      paymentCompleted,
      ({ payload }) => payload.orderId === orderId,
    )
    expect(payload, why).toMatchObject({ holderName: kept })
  }
})

test('an invisible name, or one that reverses the text after it, is refused with a reason', async () => {
  for (const { typed, error } of refusedNames.filter(({ error }) => !error.source.includes('100'))) {
    const answer = await send('POST', '/api/payments/orders', order(typed))
    expect(answer.json(), typed).toMatchObject({
      details: [{ path: 'body.holderName', message: expect.stringMatching(error) }],
    })
  }
})

test('a seat is bought by its labels, whatever they are', async () => {
  for (const { typed, kept = typed, why } of seatLabels) {
    const seat = {
      venueId,
      eventId,
      zoneId: 1,
      rowLabel: typed,
      colLabel: typed,
      paymentToken: 'pm_card_visa',
      holderName: 'Ada',
    }
    const orderId = orderIdOf(await payments.noWaitSeats.buySeat({ body: seat }))
    const label = kept.replaceAll('-', '_')
    expect((await payments.becomes(orderId, 'PAID')).items, why).toMatchObject([
      { seatIds: [`1-${label}-${label}`] },
    ])
  }
  for (const typed of refusedSeatLabels) {
    const seat = { venueId, eventId, zoneId: 1, rowLabel: typed, colLabel: '1', paymentToken: 'pm_card_visa' }
    expect((await send('POST', '/api/v1/tickets', seat)).json()).toMatchObject({
      details: [{ path: 'body.rowLabel' }],
    })
  }
})
