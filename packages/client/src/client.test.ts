import { expect, test } from 'vitest'
import { type ClientOptions, createBoxofficeClient, NoAnswerError } from './client.ts'

const json = (status: number, body: object, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
const refusal = (status: number, error: string) => json(status, { error, message: 'no', requestId: 'r' })

interface Sent {
  url: string
  method: string
  headers: Record<string, string>
  body: string | null
}

/** Creates a client whose calls get these responses in order, the last one repeatedly; errors are thrown. */
function clientOf(
  answers: readonly (() => Response | Promise<Response>)[],
  options: Partial<ClientOptions> = {},
) {
  const sent: Sent[] = []
  const fetch = async (url: unknown, init: RequestInit = {}) => {
    const answer = answers[Math.min(sent.length, answers.length - 1)]
    sent.push({ url: String(url), ...init } as unknown as Sent)
    return (answer as () => Promise<Response>)()
  }
  const retry = { firstWaitMs: 1, longestWaitMs: 2 }
  const client = createBoxofficeClient({
    baseUrl: 'https://x',
    fetch: fetch as typeof globalThis.fetch,
    retry,
    ...options,
  })
  return { client, sent, keys: () => sent.map(({ headers }) => headers['idempotency-key']) }
}
const lost = () => {
  throw new TypeError('fetch failed')
}
const order = { orderId: '7', status: 'PAID' }
const newOrder = { reservationId: 'r', paymentToken: 'pm_card_visa', holderName: 'Ada' }

test('a call sends its path, query, body and access token', async () => {
  const { client, sent } = clientOf([() => json(200, { events: [] })], {
    token: async () => 'secret',
    headers: { 'x-shop': '1' },
  })
  await client.events.listEvents({ query: { query: 'river & sea', limit: 5 } })
  await client.events.getEvent({ params: { eventId: 'a/b' }, headers: { 'if-none-match': '"1"' } })
  await client.auth.login({ body: { email: 'ada@example.com', password: 'x' } })
  expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET https://x/api/events?query=river+%26+sea&limit=5',
    'GET https://x/api/events/a%2Fb',
    'POST https://x/api/auth/login',
  ])
  expect(sent[1]?.headers).toEqual({ authorization: 'Bearer secret', 'x-shop': '1', 'if-none-match': '"1"' })
  expect(sent[2]?.headers['content-type']).toBe('application/json')
  expect(JSON.parse(sent[2]?.body ?? '')).toEqual({ email: 'ada@example.com', password: 'x' })
})

test('a purchase whose response was lost is retried with its key; the next uses another', async () => {
  const { client, keys } = clientOf([lost, () => refusal(503, 'SERVICE_UNAVAILABLE'), () => json(201, order)])
  expect(await client.payments.createOrder({ body: newOrder })).toEqual({ status: 201, body: order })
  await client.payments.createOrder({ body: newOrder })
  await client.payments.createOrder({ body: newOrder, idempotencyKey: 'mine' })
  const [first, second, third, fourth, fifth] = keys()
  expect(first).toMatch(/^[\da-f-]{36}$/)
  expect([second, third]).toEqual([first, first])
  expect(fourth).not.toBe(first)
  expect(fifth).toBe('mine')
})

test('while the first attempt is still in progress the client waits for its response', async () => {
  const { client, sent } = clientOf([
    lost,
    () => refusal(409, 'IDEMPOTENCY_IN_PROGRESS'),
    () => json(201, order),
  ])
  expect((await client.payments.createOrder({ body: newOrder })).status).toBe(201)
  expect(sent).toHaveLength(3)
})

test('a refusal is a response, and is not retried', async () => {
  const { client, sent } = clientOf([() => refusal(409, 'SEATS_TAKEN')])
  const answer = await client.payments.createOrder({ body: newOrder })
  expect(answer).toMatchObject({ status: 409, body: { error: 'SEATS_TAKEN' } })
  expect(sent).toHaveLength(1)
})

test('unsafe calls are sent once: a POST without an idempotency key, a PATCH', async () => {
  const { client, sent } = clientOf([lost])
  await expect(client.auth.logout({ body: { refreshToken: 'x' } })).rejects.toThrow(NoAnswerError)
  await expect(client.auth.updateMe({ body: { firstName: 'Ada' } })).rejects.toThrow(NoAnswerError)
  expect(sent).toHaveLength(2)
})

test("after the last attempt its response is returned; a gateway's own page is no response", async () => {
  const busy = clientOf([() => refusal(503, 'SERVICE_UNAVAILABLE')])
  expect((await busy.client.events.listEvents()).status).toBe(503)
  expect(busy.sent).toHaveLength(4)
  const down = clientOf([() => new Response('<h1>Bad gateway</h1>', { status: 502 })], {
    retry: { attempts: 2, firstWaitMs: 1 },
  })
  await expect(down.client.events.listEvents()).rejects.toMatchObject({ name: 'NoAnswerError', status: 502 })
  expect(down.sent).toHaveLength(2)
})

test('an attempt that times out counts as lost', async () => {
  const never = (_: unknown, { signal }: RequestInit = {}) =>
    new Promise<Response>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  const { client } = clientOf([], {
    fetch: never as typeof fetch,
    timeoutMs: 5,
    retry: { attempts: 2, firstWaitMs: 1 },
  })
  await expect(client.events.listEvents()).rejects.toMatchObject({ cause: { name: 'TimeoutError' } })
})

test('an aborted call rejects with the reason, also while it waits for its next attempt', async () => {
  const abort = new AbortController()
  const { client, sent } = clientOf([lost], { retry: { firstWaitMs: 60_000, longestWaitMs: 60_000 } })
  const call = client.events.listEvents({ signal: abort.signal })
  abort.abort(new Error('the page was left'))
  await expect(call).rejects.toThrow('the page was left')
  await expect(client.events.listEvents({ signal: abort.signal })).rejects.toThrow('the page was left')
  expect(sent.length).toBeLessThanOrEqual(1)
})

test('a response is JSON, bytes, nothing, or a stream of events', async () => {
  const frames = ['data: {"seq":1}\n\nda', 'ta: {"seq":2}\n\n: still here\n\n']
  const stream = () =>
    new Response(new Blob(frames).stream(), { headers: { 'content-type': 'text/event-stream' } })
  const png = () => new Response(new Uint8Array([1, 2]), { headers: { 'content-type': 'image/png' } })
  const { client } = clientOf([png, () => new Response(null, { status: 204 }), stream])
  const params = { ticketId: 't' }
  expect(await client.tickets.getTicketQr({ params })).toEqual({ status: 200, body: new Uint8Array([1, 2]) })
  const released = await client.tickets.releaseReservation({ params: { reservationId: 'r' } })
  expect(released).toEqual({ status: 204, body: undefined })
  const watched = await client.payments.watchOrder({ params: { orderId: 'o' } })
  if (watched.status !== 200) throw new Error('no stream')
  expect(await Array.fromAsync(watched.body)).toEqual([{ seq: 1 }, { seq: 2 }])
})
