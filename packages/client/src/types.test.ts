import type { Order } from '@boxoffice/contracts'
import { expectTypeOf, test } from 'vitest'
import type * as z from 'zod'
import type { AnswerOf, BodyOf, BoxofficeClient, RequestOf } from './types.ts'

type CreateReservation = BoxofficeClient['tickets']['createReservation']
type Answer = Awaited<ReturnType<CreateReservation>>

test('responses are distinguished by status, and refusals by code', () => {
  const answer = {} as Answer
  if (answer.status === 201) {
    expectTypeOf(answer.body.expiresAt).toEqualTypeOf<string>()
    expectTypeOf(answer.body.totalAmount).toEqualTypeOf<number>()
  }
  if (answer.status === 409 && answer.body.error === 'SEATS_TAKEN') {
    expectTypeOf(answer.body.seatIds).toEqualTypeOf<string[]>()
  }
  if (answer.status === 409 && answer.body.error === 'IDEMPOTENCY_IN_PROGRESS') {
    expectTypeOf(answer.body).not.toHaveProperty('seatIds')
  }
  expectTypeOf<BodyOf<Answer, 503>['error']>().toEqualTypeOf<'SERVICE_UNAVAILABLE'>()
})

test('requests have wire types: ids and times are strings, and defaults are optional', () => {
  type Listing = Parameters<BoxofficeClient['events']['listEvents']>[0]
  expectTypeOf<{ query: { query: string; limit: number } }>().toExtend<Listing>()
  expectTypeOf<undefined>().toExtend<Listing>()
  type Reservation = Parameters<CreateReservation>[0]
  expectTypeOf<{
    body: { eventId: string; ticketRequests: { ticketTypeId: string; quantity: number }[] }
  }>().toExtend<Reservation>()
  expectTypeOf<{ body: { eventId: string } }>().not.toExtend<Reservation>()
  expectTypeOf<{ params: { orderId: string } }>().toExtend<
    Parameters<BoxofficeClient['payments']['getOrder']>[0]
  >()
  expectTypeOf<undefined>().not.toExtend<Parameters<BoxofficeClient['payments']['getOrder']>[0]>()
})

test('an order and a stream of its steps have times as strings too', () => {
  type Bought = BodyOf<Awaited<ReturnType<BoxofficeClient['payments']['createOrder']>>, 201>
  expectTypeOf<Bought>().toEqualTypeOf<z.input<typeof Order>>()
  expectTypeOf<Bought['createdAt']>().toEqualTypeOf<string>()
  type Watched = BodyOf<Awaited<ReturnType<BoxofficeClient['payments']['watchOrder']>>, 200>
  expectTypeOf<Watched>().toExtend<AsyncIterable<object>>()
})

test('the types of a single operation have names', () => {
  type Route = import('@boxoffice/contracts').Route
  expectTypeOf<RequestOf<Route>>().toExtend<{ signal?: AbortSignal }>()
  expectTypeOf<AnswerOf<Route>>().toExtend<{ status: number; body: unknown }>()
})
