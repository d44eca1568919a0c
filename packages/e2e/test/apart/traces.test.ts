import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { serviceKeys, services } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishEvent } from '../../src/events.ts'
import { readExposition, readMetricsPage } from '../../src/metrics-page.ts'
import { expectStatus, type Person } from '../../src/person.ts'
import { type TestSystem, useTestSystem } from '../start.ts'

interface Span {
  spanId: string
  parentId: string | null
  service: string
  name: string
  kind: string
  failed: string | null
  attributes: Record<string, string>
}

let running: TestSystem
let buyer: Person
beforeAll(async () => {
  running = await useTestSystem('traced')
})
afterAll(() => running?.expectDocumented())

const read = async <T>(path: string): Promise<T> =>
  (await (await fetch(`${running.system.urls.traces}${path}`)).json()) as T
const spansOf = async (traceId: string) =>
  (await read<{ spans?: Span[] }>(`/api/traces/${traceId}`)).spans ?? []
const rootsOf = async (root: string) =>
  (await read<{ traces: { traceId: string; root: string }[] }>('/api/traces')).traces.filter(
    (trace) => trace.root === root,
  )
const countOf = async (root: string) => (await rootsOf(root)).length

describe('one purchase', () => {
  let spans: Span[]

  test('is one trace, from the buyer’s request to the mail with the tickets', async () => {
    const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
    buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
    const sale = await publishEvent(organizer, { name: 'Noc Śladów', quantity: 10, unitPrice: 5_000 })
    const order = expectStatus(await buyer.buy({ ...sale, quantity: 2 }), 201)
    await buyer.waitForOrder(order.orderId, ({ status }) => status === 'CONFIRMED')
    await running.mails.waitFor(buyer.email, /Noc Śladów/)

    const [trace, ...more] = await until(async () => {
      const found = await rootsOf('POST /api/payments/orders')
      expect(found).toHaveLength(1)
      return found
    })
    expect(more).toEqual([])
    spans = await until(async () => {
      const all = await spansOf(trace?.traceId ?? '')
      const names = new Set(all.map(({ name }) => name))
      for (const last of [
        'send ORDER_CONFIRMATION',
        'publish TICKETS_DELIVERED',
        'publish ORDER_CONFIRMED',
      ]) {
        expect(names).toContain(last)
      }
      // Each service exports its own spans, at its own time.
      expect(new Set(all.map(({ service }) => service)).size).toBe(serviceKeys.length)
      // Every span names its parent, and all of them have arrived.
      const ids = new Set(all.map(({ spanId }) => spanId))
      expect(all.filter(({ parentId }) => parentId !== null && !ids.has(parentId))).toEqual([])
      return all
    })
    expect(spans.filter(({ parentId }) => parentId === null).map(({ name }) => name)).toEqual([
      'POST /api/payments/orders',
    ])
  })

  test("passes through all services: notifications gets the mail's content from auth and events", () => {
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(serviceKeys.map((key) => services[key].name)),
    )
    const getUser = spans.find(
      ({ name, service }) => name === 'auth getUsers' && service === 'notification-service',
    )
    const served = spans.find(
      ({ service, kind, parentId }) =>
        service === 'auth-service' && kind === 'SERVER' && parentId === getUser?.spanId,
    )
    expect(served?.name).toBe('POST /api/auth/internal/users/batch')
  })

  test('contains requests, calls, statements, commands, messages of both sides, charge and mail', () => {
    const of = (service: string, kind: string, name: RegExp) =>
      spans
        .filter((span) => span.service === service && span.kind === kind && name.test(span.name))
        .map(({ name }) => name)
    expect(of('payment-service', 'CLIENT', /^tickets reserve$/)).toHaveLength(1)
    expect(of('ticket-service', 'SERVER', /internal\/reserve$/)).toHaveLength(1)
    expect(of('payment-service', 'CLIENT', /^gateway charge$/)).toHaveLength(1)
    expect(of('notification-service', 'CLIENT', /^mail sendRawEmail$/).length).toBeGreaterThan(0)
    for (const { name } of Object.values(services)) {
      if (name === 'auth-service' || name === 'event-service') continue
      expect(
        spans.filter(
          ({ service, attributes }) => service === name && attributes['db.system.name'] === 'postgresql',
        ).length,
        name,
      ).toBeGreaterThan(0)
    }
    expect(spans.some(({ attributes }) => attributes['db.system.name'] === 'redis')).toBe(true)
    expect(of('payment-service', 'PRODUCER', /^publish PAYMENT_COMPLETED$/).length).toBeGreaterThan(0)
    expect(of('ticket-service', 'CONSUMER', /^process PAYMENT_COMPLETED$/)).toHaveLength(1)
    expect(of('ticket-service', 'PRODUCER', /^publish TICKETS_GENERATED$/).length).toBeGreaterThan(0)
    expect(of('payment-service', 'CONSUMER', /^process TICKETS_GENERATED$/)).toHaveLength(1)
    expect(of('notification-service', 'CONSUMER', /^process TICKETS_GENERATED$/)).toHaveLength(1)
    for (const consumed of spans.filter(({ kind }) => kind === 'CONSUMER')) {
      expect(spans.find(({ spanId }) => spanId === consumed.parentId)?.kind, consumed.name).toBe('PRODUCER')
    }
    // Redis may exceed its timeout on a busy machine; the request does not wait for it.
    expect(
      spans.filter(({ failed, attributes }) => failed !== null && attributes['db.system.name'] !== 'redis'),
    ).toEqual([])
  })

  test('contains no buyer data, card or token', () => {
    const text = JSON.stringify(spans)
    for (const secret of [buyer.email, 'Łącka', 'pm_card', 'eyJ', '@']) expect(text).not.toContain(secret)
    expect(text.length).toBeGreaterThan(10_000)
  })

  test('prints as a tree', async () => {
    const response = await fetch(
      `${running.system.urls.traces}/traces/latest.txt?root=POST%20/api/payments/orders`,
    )
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(text).toMatch(
      new RegExp(`POST /api/payments/orders: \\d+\\.\\d ms, \\d+ spans in ${serviceKeys.length} services`),
    )
    expect(text).toMatch(/└─|├─/)
  })
})

test('a trace that a client sent is not continued', async () => {
  const traceId = randomBytes(16).toString('hex')
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`
  const before = await countOf('GET /api/auth/me')
  await fetch(`${running.edge}/api/auth/me`, { headers: { ...buyer.headers(), traceparent } })
  await until(async () => expect(await countOf('GET /api/auth/me')).toBe(before + 1))
  expect(await spansOf(traceId)).toEqual([])
})

test('an idle system records no traces of polling', async () => {
  const sweeps = (await read<{ traces: { root: string }[] }>('/api/traces')).traces.filter(({ root }) =>
    /^(select|insert|update|delete|begin|with) /.test(root),
  )
  expect(sweeps).toEqual([])
})

test('a purchase is counted in every service that handles it', async () => {
  const textOf = async (key: (typeof serviceKeys)[number]) =>
    (await fetch(`${running.system.urls[key]}/actuator/prometheus`)).text()
  const [payments, tickets, notifications] = await Promise.all([
    textOf('payments'),
    textOf('tickets'),
    textOf('notifications'),
  ])
  for (const outcome of ['placed', 'paid', 'confirmed']) {
    expect(payments).toContain(`orders_total{outcome="${outcome}",service="payment-service"} 1\n`)
  }
  expect(tickets).toContain('holds_total{outcome="reserved",service="ticket-service"} 1\n')
  expect(notifications).toMatch(
    /notifications_total\{channel="EMAIL",outcome="sent",service="notification-service"\} [3-9]\n/,
  )
  expect(notifications).toContain('notifications_pending{service="notification-service"} 0\n')
  expect(payments).toContain('redis_connected{use="sessions",service="payment-service"} 1\n')
})

describe.each(serviceKeys)('the metrics of %s', (key) => {
  const page = readMetricsPage(readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8'))
  const documented = new Map(
    ['Every service', key, 'Node.js']
      .flatMap((section) => [...(page.get(section) ?? [])])
      .filter(([, { linux }]) => !linux || process.platform === 'linux'),
  )

  test('are the ones in docs/metrics.md, with the documented types and labels', async () => {
    const response = await fetch(`${running.system.urls[key]}/actuator/prometheus`)
    const registered = readExposition(await response.text())
    expect([...registered.keys()].toSorted()).toEqual([...documented.keys()].toSorted())
    for (const [name, { type, labels }] of registered) {
      expect({ name, type }).toEqual({ name, type: documented.get(name)?.type })
      expect(documented.get(name)?.labels, name).toEqual(expect.arrayContaining(labels))
    }
  })
})
