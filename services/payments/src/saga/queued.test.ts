import type {
  Currency,
  EventId,
  Minor,
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
import type { Begun, SagaPosition } from './saga.ts'

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

describe('an order that waits in the queue', () => {
  const queued = (...inputs: SagaInput[]) => {
    const before = replay(begun, inputs.slice(0, -1), 'QUEUED')
    return {
      ...replay(begun, inputs, 'QUEUED'),
      effects: advance(before, inputs.at(-1) as SagaInput)?.effects,
    }
  }
  const request: SagaInput = { type: 'CANCEL_REQUESTED' }
  const announced: SagaInput = { type: 'CANCEL_ANNOUNCED' }
  const begin: SagaInput = { type: 'BEGIN' }
  const cancelled = {
    state: 'CANCELLED',
    context: { cancelled: true },
    effects: { order: { status: 'CANCELLED', paymentStatus: 'FAILED' }, messages: ['ORDER_CANCELLED'] },
  }
  test('begins when its command comes, and goes the way of every purchase', () => {
    expect(queued(begin).state).toBe('RESERVING')
    expect(queued(begin, reserved, charged, issued).state).toBe('CONFIRMED')
  })
  test('is cancelled without a release, at once or by a request announced before it began', () => {
    expect(queued(request)).toMatchObject(cancelled)
    expect(queued(announced)).toMatchObject({ state: 'QUEUED', context: { cancelRequested: true } })
    expect(queued(announced, begin)).toMatchObject(cancelled)
    expect(queued(announced, request)).toMatchObject(cancelled)
    expect(queued(announced, begin).context.paymentToken).toBeUndefined()
    expect(advance(queued(announced), announced)).toBeNull()
  })
  test('of a reservation not looked up yet is cancelled without a message: the event is unknown', () => {
    const context: Begun = { ...begun, purchase: { kind: 'reserved' } }
    expect(advance({ state: 'QUEUED', context }, request)?.effects.messages).toEqual([])
  })
  test('takes another name and stays where it is', () => {
    const named: SagaInput = { type: 'HOLDER_NAMED', holderName: 'Jan Nowak', asOf: 1 }
    expect(queued(named)).toMatchObject({ state: 'QUEUED', effects: { order: { holderName: 'Jan Nowak' } } })
    expect(queued(named, begin).context.holderName).toBe('Jan Nowak')
  })
  test('is published when its event is known: at once, or when its reservation is claimed', () => {
    expect(queued(begin, reserved).effects?.messages).toEqual([])
    const context: Begun = { ...begun, purchase: { kind: 'reserved' }, untold: true }
    const claimed = advance({ state: 'RESERVING', context }, reserved)
    expect(claimed?.effects.messages).toEqual(['ORDER_CREATED'])
    expect(claimed?.context.untold).toBeUndefined()
    const free = advance({ state: 'RESERVING', context }, { ...reserved, total: 0 as Minor } as SagaInput)
    expect(free?.effects.messages).toEqual(['ORDER_CREATED', 'PAYMENT_COMPLETED'])
  })
  test('begins once: in every other state its command changes nothing', () => {
    const others: SagaState[] = [
      'RESERVING',
      'CHARGING',
      'RELEASING',
      'AWAITING_TICKETS',
      'CONFIRMED',
      'FAILED',
      'CANCELLED',
    ]
    for (const state of others) expect(advance({ state, context: begun } as SagaPosition, begin)).toBeNull()
  })
})

describe('a queued name', () => {
  const named = (holderName: string, asOf: number, queued?: true): SagaInput => ({
    ...{ type: 'HOLDER_NAMED', holderName, asOf },
    ...(queued && { queued }),
  })
  const nameAfter = (...inputs: SagaInput[]) => replay(begun, [reserved, ...inputs]).context.holderName
  test('is replaced by one that was given directly since', () => {
    expect(nameAfter(named('first', 3, true), named('second', 3, true))).toBe('second')
    expect(nameAfter(named('newer', 3), named('older', 3, true))).toBe('newer')
    expect(nameAfter(named('newer', 4), named('older', 3, true))).toBe('newer')
    expect(nameAfter(named('older', 3), named('newer', 4, true))).toBe('newer')
    expect(advance(replay(begun, [reserved, named('newer', 3)]), named('older', 3, true))).toBeNull()
  })
})
