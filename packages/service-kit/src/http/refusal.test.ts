import { defineNotFound, defineRefusal, defineRoute, impliedRefusals } from '@boxoffice/contracts'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { createEncoder } from './answer.ts'
import type { Handler } from './mount.ts'
import { refuse, refuseUnknown } from './refusal.ts'

const SEATS_TAKEN = defineRefusal('SEATS_TAKEN', 409, 'these seats are taken', {
  seatIds: z.array(z.string()),
})
const SALES_CLOSED = defineRefusal('SALES_CLOSED', 409, 'sales have ended')
const SEAT_TYPE_NOT_FOUND = defineNotFound('SEAT_TYPE')
const route = defineRoute({
  method: 'GET',
  path: '/api/seats',
  summary: 'Seats',
  access: 'anyone',
  responses: { 200: z.object({ seats: z.int() }) },
  refusals: [SEATS_TAKEN],
})

test('a refusal has its status, code and message, and its fields', () => {
  expect(refuse(SALES_CLOSED)).toEqual({
    status: 409,
    body: { error: 'SALES_CLOSED', message: 'sales have ended' },
  })
  const body = { error: 'SEATS_TAKEN', message: 'seat A is taken', seatIds: ['A'] }
  expect(refuse(SEATS_TAKEN, { message: 'seat A is taken', seatIds: ['A'] })).toEqual({ status: 409, body })
  expect(refuseUnknown(SEAT_TYPE_NOT_FOUND, '7').body).toEqual({
    error: 'SEAT_TYPE_NOT_FOUND',
    message: 'Seat type with ID 7 not found',
  })
})

test('a refusal with a missing or an unknown field does not compile', () => {
  // @ts-expect-error seatIds are missing
  refuse(SEATS_TAKEN)
  // @ts-expect-error SALES_CLOSED names no seats
  refuse(SALES_CLOSED, { seatIds: [] })
})

test('a handler returns the refusals that its route lists: another does not compile', () => {
  const taken = async () => refuse(SEATS_TAKEN, { seatIds: [] })
  const closed = async () => refuse(SALES_CLOSED)
  expectTypeOf(taken).toExtend<Handler<typeof route>>()
  expectTypeOf(closed).not.toExtend<Handler<typeof route>>()
})

test('a thrown refusal that the route neither lists nor implies is not sent', () => {
  const encode = createEncoder(route)
  expect(encode(refuse(SEATS_TAKEN, { seatIds: [] }), 'r')).toMatchObject({ status: 409 })
  for (const implied of impliedRefusals(route))
    expect(encode(refuse(implied, {}), 'r').status).toBe(implied.status)
  expect(() => encode(refuse(SALES_CLOSED), 'r')).toThrow('does not list the refusal 409 SALES_CLOSED')
})
