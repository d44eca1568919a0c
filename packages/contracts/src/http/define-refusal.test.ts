import { expect, expectTypeOf, test } from 'vitest'
import * as z from 'zod'
import { defineNotFound, defineRefusal, responsesOf, saying, withFields } from './define-refusal.ts'
import { defineRoute, type Response } from './define-route.ts'
import { impliedRefusals } from './refusals.ts'

const GONE = defineNotFound('THING')
const TAKEN = defineRefusal('TAKEN', 409, 'these are taken', { names: z.array(z.string()), by: z.string() })
const CLOSED = defineRefusal('CLOSED', 409, 'it is closed', { by: z.string() })
const route = defineRoute({
  method: 'GET',
  path: '/api/things',
  summary: 'Things',
  access: 'user',
  responses: { 200: z.object({ things: z.int() }) },
  refusals: [GONE, TAKEN, CLOSED],
})

test('a client distinguishes responses by status, and refusals by code', () => {
  const answer = {} as Response<typeof route>
  if (answer.status === 200) expectTypeOf(answer.body).toEqualTypeOf<{ things: number }>()
  if (answer.status === 404) expectTypeOf(answer.body.error).toEqualTypeOf<'THING_NOT_FOUND'>()
  if (answer.status !== 409) return
  expectTypeOf(answer.body.error).toEqualTypeOf<'TAKEN' | 'CLOSED'>()
  if (answer.body.error === 'TAKEN') expectTypeOf(answer.body.names).toEqualTypeOf<string[]>()
  else expectTypeOf(answer.body.names).toEqualTypeOf<undefined>()
})

test('refusals with one status share a schema: common fields are required, others optional', () => {
  const { 409: schema } = responsesOf([TAKEN, CLOSED])
  const refusal = { message: 'no', requestId: 'r', by: 'ada' }
  expect(schema.safeParse({ ...refusal, error: 'TAKEN', names: ['a'] }).success).toBe(true)
  expect(schema.safeParse({ ...refusal, error: 'CLOSED' }).success).toBe(true)
  expect(schema.safeParse({ ...refusal, error: 'CLOSED', by: undefined }).success).toBe(false)
  expect(schema.safeParse({ ...refusal, error: 'OF_A_NEWER_SERVICE' }).success).toBe(true)
})

test('the documentation names each refusal with its meaning', () => {
  const { 409: schema } = responsesOf([
    saying(TAKEN, 'somebody was faster'),
    withFields(CLOSED, { until: z.string() }),
  ])
  expect(schema.meta()?.description).toBe('TAKEN: somebody was faster; CLOSED: it is closed')
})

test('a refusal among the plain responses is rejected', () => {
  const define = () =>
    defineRoute({
      method: 'GET',
      path: '/api/x',
      summary: '',
      access: 'anyone',
      responses: { 404: z.object({}) },
    })
  expect(define).toThrow('define responses from 400 on as refusals')
})

test('the implied refusals follow from the access, the inputs, and the idempotency key', () => {
  const codesOf = (properties: object) => impliedRefusals({ ...route, ...properties }).map(({ code }) => code)
  expect(codesOf({ access: 'anyone' })).toEqual(['SERVICE_UNAVAILABLE'])
  expect(codesOf({ access: 'user' })).toEqual(['SERVICE_UNAVAILABLE', 'UNAUTHENTICATED', 'TOKEN_EXPIRED'])
  expect(codesOf({ access: 'organizer' })).toEqual(
    expect.arrayContaining(['FORBIDDEN', 'EMAIL_NOT_VERIFIED']),
  )
  expect(codesOf({ access: { services: ['payment-service'] } })).not.toContain('EMAIL_NOT_VERIFIED')
  expect(codesOf({ query: z.object({}) })).toContain('VALIDATION_FAILED')
  expect(codesOf({ method: 'POST' })).toEqual(
    expect.arrayContaining(['IDEMPOTENCY_KEY_REUSED', 'VALIDATION_FAILED']),
  )
})
