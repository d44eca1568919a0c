import type {
  Currency,
  EventId,
  Minor,
  RefundId,
  ReservationId,
  TicketId,
  TicketTypeId,
  UserId,
} from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { advance, replay } from './advance.ts'
import { totalOf } from './amounts.ts'
import type { SagaInput } from './input.ts'
import type { Begun, Failure, SagaPosition } from './saga.ts'

const items = [{ ticketTypeId: 'type' as TicketTypeId, quantity: 2, unitPrice: 5_000 as Minor }]
const begun: Begun = {
  userId: 'user' as UserId,
  reservationId: 'reservation' as ReservationId,
  holderName: 'Zofia Łącka',
  paymentToken: 'pm_card_visa',
  refundId: 'refund' as RefundId,
  purchase: {
    kind: 'direct',
    eventId: 'event' as EventId,
    ticketRequests: [{ ticketTypeId: 'type' as TicketTypeId, quantity: 2 }],
  },
}
const reserved: SagaInput = {
  type: 'RESERVED',
  at: '2026-11-21T10:00:00.000Z',
  eventId: 'event' as EventId,
  items,
  total: totalOf(items),
  currency: 'EUR' as Currency,
  eventCancelled: false,
}
const declined: Failure = { reason: 'CARD_DECLINED', status: 402, code: 'PAYMENT_DECLINED', message: 'no' }
const charged: SagaInput = { type: 'CHARGED', transactionId: 'pi_1', eventCancelled: false }
const issued: SagaInput = {
  type: 'TICKETS_ISSUED',
  tickets: [
    {
      ticketId: 'ticket' as TicketId,
      ticketNumber: 'TKT-2026-000001',
      ticketTypeId: 'type' as TicketTypeId,
      qrCode: 'q',
    },
  ],
}

/** The saga's state after these inputs, and the effects of the last one. */
function given(...inputs: SagaInput[]) {
  const before = replay(begun, inputs.slice(0, -1))
  const last = inputs.at(-1)
  return { ...replay(begun, inputs), effects: last && advance(before, last)?.effects }
}

describe('a purchase', () => {
  test('that goes well is charged, paid and confirmed', () => {
    expect(given(reserved).state).toBe('CHARGING')
    expect(given(reserved, charged)).toMatchObject({
      state: 'AWAITING_TICKETS',
      effects: {
        order: { status: 'PAID', paymentStatus: 'COMPLETED' },
        charge: { transactionId: 'pi_1' },
        messages: ['PAYMENT_COMPLETED'],
      },
    })
    expect(given(reserved, charged, issued)).toMatchObject({
      state: 'CONFIRMED',
      effects: { order: { status: 'CONFIRMED' }, messages: ['ORDER_CONFIRMED'] },
    })
  })
  test('whose tickets arrive in parts is confirmed with the last part to arrive', () => {
    const part = (number: number, parts = 3): SagaInput => ({
      type: 'TICKETS_ISSUED',
      ...{ part: number, parts },
      tickets: [
        {
          ticketId: `t${number}` as TicketId,
          ticketNumber: `${number}`,
          ticketTypeId: 'type' as TicketTypeId,
          qrCode: 'q',
        },
      ],
    })
    const paid = [reserved, charged]
    expect(given(...paid, part(3), part(1))).toMatchObject({ state: 'AWAITING_TICKETS', effects: {} })
    // The same part under another message id.
    expect(advance(replay(begun, [...paid, part(3)]), part(3))).toBeNull()
    const confirmed = given(...paid, part(3), part(1), part(2))
    expect(confirmed).toMatchObject({ state: 'CONFIRMED', effects: { messages: ['ORDER_CONFIRMED'] } })
    expect(confirmed.effects?.tickets?.map(({ ticketId }) => ticketId)).toEqual(['t1', 't2', 't3'])
    expect(confirmed.context).not.toHaveProperty('issuedParts')
    // When requested, all tickets are in one answer.
    expect(given(...paid, part(3), issued).effects?.tickets?.map(({ ticketId }) => ticketId)).toEqual([
      'ticket',
    ])
  })
  test('whose tickets are not issued is undone', () => {
    const givenUp: SagaInput = { type: 'ISSUE_GIVEN_UP', detail: 'answered 500' }
    expect(given(reserved, charged, givenUp)).toMatchObject({
      state: 'CANCELLING_TICKETS',
      context: { refundReason: 'TICKETS_NOT_ISSUED' },
    })
    expect(given(reserved, charged, givenUp, { type: 'TICKETS_CANCELLED' })).toMatchObject({
      state: 'REFUNDING',
    })
  })
  test('whose tickets are refused has nothing to undo', () => {
    const failure: Failure = { ...declined, reason: 'INSUFFICIENT_INVENTORY', status: 409 }
    expect(given({ type: 'REFUSED', failure })).toMatchObject({
      state: 'FAILED',
      effects: { order: { status: 'FAILED', failure } },
    })
  })
  test('that fails before a charge publishes it only if the buyer was answered before', () => {
    const failure: Failure = { ...declined, reason: 'SEATS_TAKEN', status: 409 }
    const ends: SagaInput[][] = [
      [{ type: 'REFUSED', failure }],
      [{ type: 'LIMIT_PASSED' }],
      [{ ...reserved, eventCancelled: true } as SagaInput],
      [reserved, { type: 'EVENT_CANCELLED' }],
    ]
    for (const inputs of ends) expect(given(...inputs).effects?.messages).toEqual(['ORDER_FAILED'])
  })
  test('that is declined fails at once and gives its tickets back', () => {
    expect(given(reserved, { type: 'DECLINED', failure: declined })).toMatchObject({
      state: 'RELEASING',
      effects: { order: { status: 'FAILED', failure: declined }, messages: ['PAYMENT_FAILED'] },
    })
    expect(given(reserved, { type: 'DECLINED', failure: declined }, { type: 'RELEASED' }).state).toBe(
      'FAILED',
    )
  })
  test('of free tickets is paid without the gateway', () => {
    expect(given({ ...reserved, total: 0 as Minor } as SagaInput)).toMatchObject({
      state: 'AWAITING_TICKETS',
      effects: { items, order: { status: 'PAID' }, messages: ['PAYMENT_COMPLETED'] },
    })
  })
  test('whose price is not the expected one is not charged', () => {
    const purchase = { ...begun.purchase, expectedTotal: 9_999 as Minor } as Begun['purchase']
    const next = advance({ state: 'RESERVING', context: { ...begun, purchase } }, reserved)
    expect(next).toMatchObject({
      state: 'RELEASING',
      effects: { order: { failure: { code: 'PRICE_CHANGED' } }, messages: ['ORDER_FAILED'] },
    })
  })
})

describe('an unknown outcome', () => {
  const unknown: SagaInput = { type: 'CHARGE_UNKNOWN', reason: 'timeout' }
  test('is a state, not a failure', () => {
    expect(given(reserved, unknown)).toMatchObject({
      state: 'RESOLVING',
      effects: { order: { paymentStatus: 'UNKNOWN' } },
    })
    expect(given(reserved, unknown, charged).state).toBe('AWAITING_TICKETS')
    expect(given(reserved, unknown, { type: 'DECLINED', failure: declined }).state).toBe('RELEASING')
  })
  test('past the limit is cancelled at the gateway before anything is released', () => {
    expect(given(reserved, unknown, { type: 'LIMIT_PASSED' }).state).toBe('CANCELLING_CHARGE')
    expect(given(reserved, unknown, { type: 'LIMIT_PASSED' }, charged).state).toBe('AWAITING_TICKETS')
    expect(given(reserved, unknown, { type: 'LIMIT_PASSED' }, { type: 'NOT_CHARGED' }).state).toBe(
      'RELEASING',
    )
  })
  test('of a gateway that is gone is remembered, and money found later goes back', () => {
    const gone: SagaInput[] = [
      reserved,
      unknown,
      { type: 'LIMIT_PASSED' },
      { type: 'GATEWAY_UNREACHABLE' },
      { type: 'RELEASED' },
    ]
    expect(given(...gone).state).toBe('REFUND_IF_CHARGED')
    expect(given(...gone, { type: 'NOT_CHARGED' }).state).toBe('FAILED')
    expect(given(...gone, charged)).toMatchObject({
      state: 'REFUNDING',
      effects: { charge: { transactionId: 'pi_1' } },
    })
    expect(given(...gone, charged, { type: 'REFUND_DONE', gatewayRefundId: 're_1' })).toMatchObject({
      state: 'FAILED',
      effects: { order: { paymentStatus: 'REFUNDED', refunded: 10_000 }, messages: ['REFUND_PROCESSED'] },
    })
  })
})

describe('money without tickets', () => {
  test('is refunded when they are rejected', () => {
    const rejected: SagaInput[] = [reserved, charged, { type: 'TICKETS_REJECTED', reason: 'SEATS_GONE' }]
    expect(given(...rejected)).toMatchObject({
      state: 'REFUNDING',
      effects: { order: { status: 'REFUND_PENDING' } },
    })
    expect(given(...rejected, { type: 'REFUND_DONE', gatewayRefundId: 're_1' })).toMatchObject({
      state: 'REFUNDED',
      effects: {
        order: { status: 'REFUNDED', refunded: 10_000 },
        messages: ['REFUND_PROCESSED', 'ORDER_CANCELLED'],
      },
    })
  })
  test('that arrives after the order failed is refunded, once', () => {
    const late: SagaInput[] = [
      reserved,
      { type: 'DECLINED', failure: declined },
      { type: 'RELEASED' },
      charged,
    ]
    expect(given(...late).state).toBe('REFUNDING')
    expect(given(...late, { type: 'REFUND_DONE', gatewayRefundId: 're_1' }).state).toBe('FAILED')
    expect(advance(given(...late, { type: 'REFUND_DONE', gatewayRefundId: 're_1' }), charged)).toBeNull()
  })
  test('for a cancelled event: no charge if known in time, else the tickets are cancelled first', () => {
    expect(given({ ...reserved, eventCancelled: true } as SagaInput).state).toBe('RELEASING')
    expect(given(reserved, { type: 'EVENT_CANCELLED' }).state).toBe('RELEASING')
    const paid: SagaInput[] = [reserved, { ...charged, eventCancelled: true } as SagaInput]
    expect(given(...paid).state).toBe('CANCELLING_TICKETS')
    expect(given(...paid).effects?.messages).toBeUndefined()
    expect(given(...paid, { type: 'TICKETS_CANCELLED' }).state).toBe('REFUNDING')
  })
})

test('the payment token is deleted as soon as it is not needed any more', () => {
  expect(given(reserved).context.paymentToken).toBe('pm_card_visa')
  for (const inputs of [
    [reserved, charged],
    [reserved, { type: 'DECLINED', failure: declined }],
    [{ type: 'REFUSED', failure: declined }],
  ]) {
    expect(given(...(inputs as SagaInput[])).context.paymentToken).toBeUndefined()
  }
})

test('what is late or known already changes nothing, and what no state waits for is an error', () => {
  const terminal = ['CONFIRMED', 'REFUNDED'] as const
  const unexpected: SagaInput[] = [
    reserved,
    { type: 'RELEASED' },
    { type: 'REFUND_DONE', gatewayRefundId: 'r' },
  ]
  for (const state of terminal) {
    const saga = { state, context: begun as object } as SagaPosition
    for (const input of [charged, issued]) expect(advance(saga, input)).toBeNull()
    for (const input of unexpected)
      expect(() => advance(saga, input)).toThrow(`${state} does not expect ${input.type}`)
  }
  expect(advance(given(reserved, charged), charged)).toBeNull()
  expect(advance(given(reserved, charged), { type: 'DECLINED', failure: declined })).toBeNull()
})
