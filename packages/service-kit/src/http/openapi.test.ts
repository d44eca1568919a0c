import {
  authRoutes,
  eventsRoutes,
  notificationsRoutes,
  paymentsRoutes,
  type Routes,
  ticketsRoutes,
} from '@boxoffice/contracts'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, test } from 'vitest'
import { openApiOf } from './openapi.ts'

const services: Record<string, Routes> = {
  Auth: authRoutes,
  Events: eventsRoutes,
  Tickets: ticketsRoutes,
  Payments: paymentsRoutes,
  Notifications: notificationsRoutes,
}
const documentOf = (title: string) =>
  openApiOf({ title, description: 'x', server: 'https://boxoffice.example' }, services[title] ?? {})

describe('the OpenAPI document', () => {
  test.each(Object.keys(services))('of %s passes the linter', async (title) => {
    // The project names no licence. Refusals are the `default` answer; ticket paths follow the contract, and
    // Fastify tells them apart by their fixed parts.
    const rules = {
      'info-license': 'off',
      'operation-4xx-response': 'off',
      'no-ambiguous-paths': 'off',
    } as const
    const config = await createConfig({ extends: ['recommended-strict'], rules })
    const problems = await lintFromString({ source: JSON.stringify(documentOf(title)), config })
    expect(
      problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`),
    ).toEqual([])
  })
  test('shows the wire format, also for answers: money in major units', () => {
    const type = documentOf('Tickets').paths['/api/tickets/types']?.post as never as {
      responses: Record<
        string,
        { content: { 'application/json': { schema: { properties: Record<string, object> } } } }
      >
    }
    expect(type.responses['201']?.content['application/json'].schema.properties.unitPrice).toMatchObject({
      type: 'number',
      multipleOf: 0.01,
    })
  })
  test('names the content type of files, and the required idempotency key', () => {
    const { paths } = documentOf('Tickets')
    expect(paths['/api/tickets/{ticketId}/ticket.pdf']?.get).toMatchObject({
      responses: { 200: { content: { 'application/pdf': {} } } },
    })
    expect(documentOf('Payments').paths['/api/payments/orders']?.post).toMatchObject({
      parameters: [{ name: 'Idempotency-Key', in: 'header', required: true }, { name: 'Prefer' }],
    })
  })
  test('says where a client may prefer not to wait, and how it sees that it need not', () => {
    const { paths } = documentOf('Payments')
    const preferring = Object.values(paths).flatMap((operations) =>
      Object.values(
        operations as never as Record<string, { operationId: string; parameters: { name: string }[] }>,
      )
        .filter(({ parameters }) => parameters.some(({ name }) => name === 'Prefer'))
        .map(({ operationId }) => operationId),
    )
    expect(preferring).toEqual(['createOrder', 'updateOrder', 'cancelOrder'])
    expect(paths['/api/payments/orders']?.post).toMatchObject({
      responses: { 202: { headers: { 'Preference-Applied': { schema: { const: 'respond-async' } } } } },
    })
    expect(paths['/api/payments/orders']?.post).not.toHaveProperty('responses.201.headers')
  })
})
