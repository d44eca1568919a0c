import type {
  Currency,
  EventId,
  Minor,
  OrderId,
  RefundId,
  ReservationId,
  SagaState,
  TicketId,
  TicketTypeId,
  UserId,
} from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { advance, replay } from './advance.ts'
import { totalOf } from './amounts.ts'
import type { SagaInput } from './input.ts'
import { refundKey } from './keys.ts'
import type { Begun, SagaPosition } from './saga.ts'

const ticketTypeId = 'type' as TicketTypeId
const items = [{ ticketTypeId, quantity: 2, unitPrice: 5_000 as Minor }]
const begun: Begun = {
  userId: 'user' as UserId,
  reservationId: 'reservation' as ReservationId,
  holderName: 'Zofia Łącka',
  paymentToken: 'pm_card_visa',
  refundId: 'own' as RefundId,
  purchase: { kind: 'direct', eventId: 'event' as EventId, ticketRequests: [{ ticketTypeId, quantity: 2 }] },
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
const charged: SagaInput = { type: 'CHARGED', transactionId: 'pi_1', eventCancelled: false }
const [a, b] = ['a', 'b'] as [TicketId, TicketId]
const issued: SagaInput = {
  type: 'TICKETS_ISSUED',
  tickets: [a, b].map((ticketId) => ({ ticketId, ticketNumber: ticketId, ticketTypeId, qrCode: 'q' })),
}
const confirmed = [reserved, charged, issued]
const requested = (refundId: string, ticketIds?: TicketId[]): SagaInput => ({
  type: 'REFUND_REQUESTED',
  refund: { refundId: refundId as RefundId, reason: 'ill', force: false, ticketIds },
})
const withdrawn = (...ticketIds: TicketId[]): SagaInput => ({
  type: 'TICKETS_WITHDRAWN',
  at: '2026-11-22T10:00:00.000Z',
  tickets: ticketIds.map((ticketId) => ({ ticketId, ticketTypeId, unitPrice: 5_000 as Minor })),
})
const done: SagaInput = { type: 'REFUND_DONE', gatewayRefundId: 're_1' }
const elsewhere = (amount: number): SagaInput => ({
  type: 'REFUNDED_ELSEWHERE',
  refundId: 'hand' as RefundId,
  gatewayRefundId: 're_hand',
  amount: amount as Minor,
})

/** The saga's state after these inputs, and the effects of the last one. */
function given(...inputs: SagaInput[]) {
  const before = replay(begun, inputs.slice(0, -1))
  const last = inputs.at(-1)
  const { state, context } = replay(begun, inputs)
  return { state, context, effects: last && advance(before, last)?.effects }
}

describe('a requested refund', () => {
  test('withdraws the tickets, gives their price back, and ends the order when it was all of it', () => {
    expect(given(...confirmed, requested('r1'))).toMatchObject({
      state: 'WITHDRAWING_TICKETS',
      effects: { order: { status: 'REFUND_PENDING' }, refund: { opened: { refundId: 'r1' } } },
    })
    expect(given(...confirmed, requested('r1'), withdrawn(a, b))).toMatchObject({
      state: 'REPAYING',
      effects: {
        refund: { withdrawn: { refundId: 'r1', amount: 10_000 } },
        messages: ['ORDER_STATUS_CHANGED'],
      },
    })
    expect(given(...confirmed, requested('r1'), withdrawn(a, b), done)).toMatchObject({
      state: 'REFUNDED',
      effects: {
        order: { status: 'REFUNDED', paymentStatus: 'REFUNDED', refunded: 10_000 },
        refund: {
          completed: [{ refundId: 'r1', amount: 10_000, gatewayRefundId: 're_1', ticketIds: [a, b] }],
        },
        messages: ['REFUND_PROCESSED', 'ORDER_CANCELLED'],
      },
    })
  })
  test('of a part leaves the order confirmed, and the rest can follow', () => {
    const part = [...confirmed, requested('r1', [a]), withdrawn(a), done]
    expect(given(...part)).toMatchObject({
      state: 'CONFIRMED',
      effects: {
        order: { status: 'CONFIRMED', paymentStatus: 'PARTIALLY_REFUNDED', refunded: 5_000 },
        messages: ['REFUND_PROCESSED'],
      },
    })
    const rest = [...part, requested('r2'), withdrawn(b), done]
    expect(given(...rest)).toMatchObject({ state: 'REFUNDED', effects: { order: { refunded: 10_000 } } })
  })
  test('whose tickets are used fails, and can be requested again', () => {
    const refused: SagaInput = { type: 'WITHDRAWAL_REFUSED', code: 'TICKETS_USED', ticketIds: [a] }
    expect(given(...confirmed, requested('r1'), refused)).toMatchObject({
      state: 'CONFIRMED',
      effects: {
        order: { status: 'CONFIRMED' },
        refund: { failed: { refundId: 'r1', reason: 'TICKETS_USED', ticketIds: [a] } },
      },
    })
    expect(given(...confirmed, requested('r1'), refused, requested('r2')).state).toBe('WITHDRAWING_TICKETS')
  })
  test('of an order whose tickets are missing refunds all of it, or waits for them if they were used', () => {
    const stuck = [reserved, charged, requested('r1')]
    expect(given(...stuck)).toMatchObject({
      state: 'WITHDRAWING_TICKETS',
      effects: { order: { status: 'REFUND_PENDING' } },
    })
    const nothingIssued = { ...withdrawn(), tickets: [] } as SagaInput
    expect(given(...stuck, nothingIssued)).toMatchObject({
      state: 'REPAYING',
      context: { refund: { refundId: 'r1', amount: 10_000 } },
    })
    expect(given(...stuck, nothingIssued, { type: 'REFUND_DONE', gatewayRefundId: 're_1' })).toMatchObject({
      state: 'REFUNDED',
      effects: {
        order: { status: 'REFUNDED', refunded: 10_000 },
        messages: ['REFUND_PROCESSED', 'ORDER_CANCELLED'],
      },
    })
    // Issued in between.
    expect(given(...stuck, withdrawn(a, b))).toMatchObject({
      state: 'REPAYING',
      context: { refund: { amount: 10_000 } },
    })
    const used: SagaInput = { type: 'WITHDRAWAL_REFUSED', code: 'TICKETS_USED', ticketIds: [a] }
    expect(given(...stuck, used)).toMatchObject({
      state: 'AWAITING_TICKETS',
      effects: { refund: { failed: { refundId: 'r1' } } },
    })
    expect(given(...stuck, used, issued)).toMatchObject({
      state: 'CONFIRMED',
      effects: { order: { status: 'CONFIRMED' } },
    })
    // All of it was refunded by hand meanwhile: no ticket stays.
    expect(given(...stuck, elsewhere(10_000), used)).toMatchObject({ state: 'CANCELLING_TICKETS' })
    expect(given(...stuck, elsewhere(10_000), used, { type: 'TICKETS_CANCELLED' })).toMatchObject({
      state: 'REFUNDED',
    })
  })
  test('is not begun beside another one, nor before the order is paid', () => {
    for (const inputs of [
      [reserved],
      [reserved, charged, requested('r1')],
      [...confirmed, requested('r1')],
      [...confirmed, requested('r1'), withdrawn(a, b)],
    ])
      expect(advance(replay(begun, inputs), requested('r2'))).toBeNull()
  })
  test('of what cost nothing needs no gateway', () => {
    const free = { ...reserved, total: 0 as Minor } as SagaInput
    const nothing = {
      ...withdrawn(a, b),
      tickets: [a, b].map((ticketId) => ({ ticketId, ticketTypeId, unitPrice: 0 as Minor })),
    }
    expect(given(free, issued, requested('r1'), nothing as SagaInput)).toMatchObject({
      state: 'REFUNDED',
      effects: {
        order: { status: 'REFUNDED', paymentStatus: 'COMPLETED' },
        refund: { completed: [{ amount: 0, gatewayRefundId: undefined }] },
        messages: ['ORDER_CANCELLED'],
      },
    })
    const rejected: SagaInput = { type: 'TICKETS_REJECTED', reason: 'SEATS_TAKEN' }
    expect(given(free, rejected)).toMatchObject({
      state: 'REFUNDED',
      effects: { order: { status: 'REFUNDED', paymentStatus: 'COMPLETED' }, messages: ['ORDER_CANCELLED'] },
    })
  })
})

describe('money that was refunded at the gateway by hand', () => {
  test('all of it takes the tickets along, and none of it goes back twice', () => {
    const all = [...confirmed, elsewhere(10_000)]
    expect(given(...all)).toMatchObject({
      state: 'WITHDRAWING_TICKETS',
      effects: {
        order: { refunded: 10_000 },
        refund: { completed: [{ gatewayRefundId: 're_hand' }] },
        messages: ['REFUND_PROCESSED'],
      },
    })
    expect(given(...all, withdrawn(a, b))).toMatchObject({
      state: 'REFUNDED',
      effects: { messages: ['ORDER_CANCELLED'] },
    })
    expect(given(...all, withdrawn(a, b)).context.refunded).toBe(10_000)
  })
  test('part of it leaves the order as it is, and the rest to who gives it back', () => {
    const part = [...confirmed, elsewhere(4_000)]
    expect(given(...part)).toMatchObject({
      state: 'CONFIRMED',
      effects: { order: { paymentStatus: 'PARTIALLY_REFUNDED' } },
    })
    expect(given(...part, requested('r1'), withdrawn(a, b)).context.refund?.amount).toBe(6_000)
  })
  test('while ours is in progress shrinks it to the remainder', () => {
    const atWork = [...confirmed, requested('r1'), withdrawn(a, b)]
    expect(given(...atWork, elsewhere(4_000)).context.refund).toMatchObject({ amount: 6_000, reduced: true })
    expect(given(...atWork, elsewhere(10_000))).toMatchObject({
      state: 'REFUNDED',
      effects: { refund: { completed: [{ refundId: 'hand' }, { refundId: 'r1', amount: 0 }] } },
    })
  })
  test('before the tickets are issued: they are cancelled, or the failed refund covers the rest', () => {
    expect(given(reserved, charged, elsewhere(10_000)).state).toBe('CANCELLING_TICKETS')
    expect(given(reserved, charged, elsewhere(10_000), { type: 'TICKETS_CANCELLED' }).state).toBe('REFUNDED')
    const rejected: SagaInput = { type: 'TICKETS_REJECTED', reason: 'SEATS_GONE' }
    expect(given(reserved, charged, elsewhere(4_000), rejected).effects?.refund).toMatchObject({
      opened: { amount: 6_000 },
    })
    expect(given(reserved, charged, rejected, elsewhere(4_000), done)).toMatchObject({
      state: 'REFUNDED',
      effects: { order: { refunded: 10_000 }, refund: { completed: [{ amount: 6_000 }] } },
    })
  })
  test('while a purchase that failed is refunded in full, makes another request under a new key', () => {
    const refunding: SagaInput[] = [reserved, charged, { type: 'TICKETS_REJECTED', reason: 'SEATS_GONE' }]
    const keyOf = (...inputs: SagaInput[]) => refundKey('order' as OrderId, given(...inputs).context)
    expect(given(...refunding, elsewhere(4_000)).context.refund).toMatchObject({
      amount: 6_000,
      reduced: true,
    })
    const keys = [
      keyOf(...refunding),
      keyOf(...refunding, elsewhere(4_000)),
      keyOf(...refunding, elsewhere(4_000), elsewhere(1_000)),
    ]
    expect(new Set(keys).size).toBe(3)
    expect(given(...refunding, elsewhere(10_000))).toMatchObject({
      state: 'REFUNDED',
      context: { refunded: 10_000 },
    })
  })
  test('all of it while ours is in progress for a part withdraws the other tickets too', () => {
    const request = [...confirmed, requested('r1', [a])]
    const rest = {
      state: 'WITHDRAWING_TICKETS',
      context: { refunded: 10_000, refund: { refundId: 'hand', force: true, elsewhere: true } },
      effects: { order: { status: 'REFUND_PENDING' } },
    }
    const refused: SagaInput = { type: 'WITHDRAWAL_REFUSED', code: 'TICKETS_USED', ticketIds: [a] }
    const courses: [SagaInput[], TicketId[]][] = [
      [[...request, withdrawn(a), elsewhere(10_000)], [b]],
      [[...request, withdrawn(a), elsewhere(5_000), done], [b]],
      [[...request, elsewhere(10_000), withdrawn(a)], [b]],
      [
        [...request, elsewhere(10_000), refused],
        [a, b],
      ],
    ]
    for (const [course, left] of courses) {
      expect(given(...course)).toMatchObject(rest)
      expect(given(...course).context.refund).not.toHaveProperty('ticketIds')
      const end = given(...course, withdrawn(...left))
      expect(end).toMatchObject({
        state: 'REFUNDED',
        context: { refunded: 10_000 },
        effects: { messages: ['ORDER_CANCELLED'] },
      })
    }
    // Tickets that the ticket service does not know are not withdrawn again and again.
    expect(given(...request, withdrawn(a), elsewhere(10_000), withdrawn()).state).toBe('CONFIRMED')
  })
  test('leaves a free ticket to a holder who did not return it', () => {
    const free = 'free' as TicketTypeId
    const line = { ticketTypeId: free, quantity: 1, unitPrice: 0 as Minor }
    const mixed = {
      ...reserved,
      items: [{ ticketTypeId, quantity: 1, unitPrice: 10_000 as Minor }, line],
    } as SagaInput
    const tickets = [a, b].map((ticketId, i) => ({
      ticketId,
      ticketNumber: ticketId,
      ticketTypeId: i ? free : ticketTypeId,
      qrCode: 'q',
    }))
    const request = [
      mixed,
      charged,
      { type: 'TICKETS_ISSUED', tickets } as SagaInput,
      requested('r1', [a]),
      withdrawn(a),
    ]
    expect(given(...request, elsewhere(5_000), done)).toMatchObject({
      state: 'CONFIRMED',
      context: { refunded: 10_000 },
    })
  })
  test('beyond the amount paid is ignored', () => {
    const refunded = replay(begun, [...confirmed, requested('r1'), withdrawn(a, b), done])
    expect(advance(refunded, elsewhere(1))).toBeNull()
    expect(given(...confirmed, elsewhere(99_999)).context.refunded).toBe(10_000)
  })
})

describe('an order that its buyer cancels', () => {
  const request: SagaInput = { type: 'CANCEL_REQUESTED' }
  const notCharged: SagaInput = { type: 'NOT_CHARGED' }
  test('before it is charged is cancelled, and what was held goes back', () => {
    expect(given(request)).toMatchObject({
      state: 'RELEASING',
      effects: { order: { status: 'CANCELLED' }, messages: ['ORDER_CANCELLED'] },
    })
    expect(given(request, { type: 'RELEASED' }).state).toBe('CANCELLED')
    expect(given(request).context.paymentToken).toBeUndefined()
  })
  test('while a charge may be in progress waits for the gateway', () => {
    expect(given(reserved, request)).toMatchObject({
      state: 'CANCELLING_CHARGE',
      effects: { order: { paymentStatus: 'UNKNOWN' } },
    })
    expect(given(reserved, request, charged)).toMatchObject({
      state: 'AWAITING_TICKETS',
      effects: { order: { status: 'PAID' } },
    })
    expect(given(reserved, request, notCharged)).toMatchObject({
      state: 'RELEASING',
      effects: { order: { status: 'CANCELLED' } },
    })
    expect(given(reserved, request, notCharged, { type: 'RELEASED' }).state).toBe('CANCELLED')
  })
  test('is refunded if charged nevertheless', () => {
    const gone: SagaInput[] = [reserved, request, { type: 'GATEWAY_UNREACHABLE' }, { type: 'RELEASED' }]
    expect(given(...gone).state).toBe('REFUND_IF_CHARGED')
    expect(given(...gone, notCharged).state).toBe('CANCELLED')
    expect(given(...gone, charged, done)).toMatchObject({
      state: 'CANCELLED',
      effects: { order: { paymentStatus: 'REFUNDED' } },
    })
    expect(given(reserved, request, notCharged, { type: 'RELEASED' }, charged).state).toBe('REFUNDING')
  })
  test('is too late once it is paid, and so is another name', () => {
    const late: SagaState[] = ['AWAITING_TICKETS', 'CONFIRMED', 'REFUNDED', 'FAILED', 'RELEASING']
    for (const state of late) {
      const saga = { state, context: begun } as SagaPosition
      expect(advance(saga, request)).toBeNull()
      expect(advance(saga, { type: 'HOLDER_NAMED', holderName: 'x', asOf: 1 })).toBeNull()
    }
  })
  test('may be renamed until then', () => {
    for (const inputs of [[], [reserved], [reserved, request]]) {
      const { state, context } = given(...(inputs as SagaInput[]), {
        type: 'HOLDER_NAMED',
        holderName: 'Jan Nowak',
        asOf: 1,
      })
      expect(context.holderName).toBe('Jan Nowak')
      expect(state).toBe(replay(begun, inputs as SagaInput[]).state)
    }
  })
})

test('an event cancelled while the tickets are being issued withdraws them and refunds the order', () => {
  const cancelled: SagaInput[] = [reserved, charged, { type: 'EVENT_CANCELLED' }]
  expect(given(...cancelled).state).toBe('CANCELLING_TICKETS')
  expect(given(...cancelled, issued).state).toBe('CANCELLING_TICKETS')
  expect(given(...cancelled, { type: 'TICKETS_CANCELLED' })).toMatchObject({
    state: 'REFUNDING',
    effects: { refund: { opened: { reason: 'EVENT_CANCELLED', amount: 10_000 } } },
  })
})
