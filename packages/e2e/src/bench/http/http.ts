import { argon2Sync, createHash, createPrivateKey, randomBytes, sign } from 'node:crypto'
import path from 'node:path'
import pg from 'pg'
import { bareDatabaseUrl } from '../baseline/bare.ts'
import { type ChildServer, startChildServer } from '../baseline/child-server.ts'
import { type Bench, type BenchContext, interleave } from '../bench.ts'
import { type Buyer, createAccounts, signIn } from '../crowd.ts'
import type { Load } from '../load/run-load.ts'
import type { RequestTemplate } from '../load/template.ts'
import { buyOne, createLedgerOfSale, openGateway } from '../purchases/sale.ts'
import { fact, figuresOf, heading, step, table, times } from '../report.ts'
import { median } from '../statistics.ts'
import { publishField } from '../venue.ts'
import { type Measured, measureLoad, type World, withWorld } from '../world.ts'

const CONNECTIONS = 20
const BUYERS = 500
const EVENTS = 30
const TICKETS_PER_ORDER = 10
const PASSWORD = 'correct horse battery staple'

export interface BareInput {
  ownUrl: string
  eventsUrl: string
  paymentsUrl: string
  tokenKey: never
  ticketKey: never
  emails: string[]
  salt: string
  tag: string
}

/** Measures everyday requests, each next to a bare server that runs the same statements. */
export const http: Bench = {
  title:
    'sign-ins, event list and page, order list, check-ins a second, ' +
    'next to bare Fastify with the same statements',
  run: (context) => withWorld(context, openGateway, (world) => measureHttp(context, world)),
}

async function measureHttp(context: BenchContext, world: World): Promise<void> {
  const { bench } = world
  const [seconds, rounds] = [context.sized(6, 3), context.sized(5, 2)]
  const orders = context.sized(200, 40)
  const salt = randomBytes(16)
  const tag = argon2Sync('argon2id', {
    message: PASSWORD,
    nonce: salt,
    memory: 19_456,
    passes: 2,
    parallelism: 1,
    tagLength: 32,
  })
  const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  const buyers = signIn(bench, BUYERS)
  await createAccounts(bench, buyers, `$argon2id$v=19$m=19456,t=2,p=1$${unpadded(salt)}$${unpadded(tag)}`)
  const { eventIds, saleId, organizer } = await prepareSale(world, buyers, orders)
  const codes = await codesOf(world, saleId)
  const { system, secrets } = bench
  const input = {
    ownUrl: bareDatabaseUrl(system),
    eventsUrl: system.databaseUrl('events'),
    paymentsUrl: system.databaseUrl('payments'),
    tokenKey: secrets.token.privateKey,
    ticketKey: secrets.ticketSigning.privateKey,
    emails: buyers.map(({ email }) => email),
    salt: salt.toString('base64'),
    tag: tag.toString('base64'),
  }
  const bare = await startChildServer(path.join(import.meta.dirname, 'bare-process.ts'), [
    JSON.stringify(input),
  ])
  const requests = requestsOf(world, bare, { buyers, eventIds, saleId, organizer, codes })
  const perRound = Math.floor(codes.length / rounds)
  const loadOf = (name: string, round: number): Load =>
    name.startsWith('check-ins')
      ? { kind: 'closed', connections: CONNECTIONS, requests: perRound, firstIndex: (round - 1) * perRound }
      : { kind: 'closed', connections: CONNECTIONS, seconds }
  try {
    const measurements = Object.fromEntries(
      Object.entries(requests).map(([name, template]) => [
        name,
        (round: number) => measureLoad(world, template, loadOf(name, round), { 'bare server': bare.pid }),
      ]),
    )
    report(
      context,
      await interleave(rounds, measurements),
      `${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections`,
    )
  } finally {
    await bare.stop()
  }
  await context.invariants(bench.observed)
}

async function prepareSale(world: World, buyers: readonly Buyer[], orders: number) {
  const { bench, generator } = world
  const person = await bench.person('Olga', { organizer: true })
  step(`${EVENTS} events, and ${orders} orders of ${TICKETS_PER_ORDER} tickets`)
  const fields = []
  for (let index = 0; index < EVENTS; index++) fields.push(await publishField(person))
  const [field] = fields
  if (!field) throw new Error('the list has no event')
  const template = buyOne(bench.system.urls.edge, field, buyers)
  const ten = {
    ...template,
    body: template.body?.replace('"quantity":1', `"quantity":${TICKETS_PER_ORDER}`) ?? '',
  }
  await generator.run(ten, { kind: 'closed', connections: 8, requests: orders })
  const ledger = createLedgerOfSale(bench)
  step("waiting for the orders' tickets")
  await ledger.untilComplete(field.eventId, Date.now()).finally(ledger.stop)
  return {
    eventIds: fields.map(({ eventId }) => eventId),
    saleId: field.eventId,
    organizer: person.session().accessToken,
  }
}

/**
 * Returns the content of a ticket's QR code, signed as the ticket service signs it (`CODE_FORMAT` there).
 */
async function codesOf({ bench }: World, eventId: string): Promise<string[]> {
  const { privateKey } = bench.secrets.ticketSigning
  const key = createPrivateKey({ key: privateKey, format: 'jwk' })
  const keyId = createHash('sha256').update(privateKey.kid).digest().subarray(0, 4)
  const client = new pg.Client({ connectionString: bench.system.databaseUrl('tickets') })
  await client.connect()
  const { rows } = await client.query<{ ticket_id: string; code_version: number }>(
    'select ticket_id, code_version from tickets where event_id = $1',
    [eventId],
  )
  await client.end()
  const bytes = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex')
  return rows.map(({ ticket_id, code_version }) => {
    const version = Buffer.alloc(4)
    version.writeUInt32BE(code_version)
    const content = Buffer.concat([Buffer.from([1]), keyId, bytes(ticket_id), bytes(eventId), version])
    return Buffer.concat([content, sign(null, content, key)]).toString('base64url')
  })
}

type Known = {
  buyers: readonly Buyer[]
  eventIds: readonly string[]
  saleId: string
  organizer: string
  codes: readonly string[]
}

function requestsOf(
  world: World,
  bare: ChildServer,
  { buyers, eventIds, saleId, organizer, codes }: Known,
): Record<string, RequestTemplate> {
  const { urls } = world.bench.system
  const token = buyers.map((buyer) => buyer.token)
  const email = buyers.map((buyer) => buyer.email)
  const userId = buyers.map((buyer) => buyer.userId)
  const login = { method: 'POST', body: `{"email":"{{email}}","password":"${PASSWORD}"}`, columns: { email } }
  const get = (url: string, columns: RequestTemplate['columns'] = {}, headers = {}): RequestTemplate => ({
    method: 'GET',
    url,
    columns,
    headers,
  })
  const checkIn = {
    method: 'POST',
    body: `{"eventId":"${saleId}","code":"{{code}}"}`,
    columns: { code: codes },
  }
  return {
    'sign-ins, bare': { ...login, url: `${bare.url}/login` },
    'sign-ins': { ...login, url: `${urls.auth}/api/auth/login` },
    'event list, bare': get(`${bare.url}/events`),
    'event list': get(`${urls.events}/api/events?limit=20`),
    'event page, bare': get(`${bare.url}/events/{{id}}`, { id: eventIds }),
    'event page': get(`${urls.events}/api/events/{{id}}`, { id: eventIds }),
    'order list, bare': get(`${bare.url}/orders`, { userId }, { 'x-user-id': '{{userId}}' }),
    'order list': get(
      `${urls.payments}/api/payments/orders`,
      { token },
      { authorization: 'Bearer {{token}}' },
    ),
    'check-ins, bare': { ...checkIn, url: `${bare.url}/check-in` },
    'check-ins': {
      ...checkIn,
      url: `${urls.tickets}/api/tickets/check-in`,
      headers: { authorization: `Bearer ${organizer}` },
    },
  }
}

function report(context: BenchContext, results: Record<string, Measured[]>, how: string): void {
  heading(`Everyday requests at the services' ports: ${how}, ${context.instances} of each service`)
  const figures = Object.entries(results).map(([name, all]) => {
    for (const { load } of all) context.record(name, load)
    const each = all.map(({ load }) => figuresOf(load, 200))
    return {
      name,
      perSecond: median(each.map(({ perSecond }) => perSecond)),
      p99Ms: median(each.map(({ p99Ms }) => p99Ms)),
      others: each.reduce((sum, { failed }) => sum + failed, 0),
    }
  })
  table([
    ['', 'a second', 'p99 ms', 'other answers'],
    ...figures.map(({ name, perSecond, p99Ms, others }) => [
      name,
      perSecond.toFixed(0),
      p99Ms.toFixed(1),
      String(others),
    ]),
  ])
  for (const [name, all] of Object.entries(results)) {
    const last = all.at(-1)
    fact(name, 'the last round')
    if (last) context.limits(name, last.limits, { what: 'request', count: figuresOf(last.load, 200).count })
  }
  for (const { name, perSecond } of figures.filter(({ name }) => !name.endsWith(', bare'))) {
    const bare = figures.find((each) => each.name === `${name}, bare`)?.perSecond ?? Number.NaN
    context.goal(`${name}, relative to bare`, times(perSecond, bare), perSecond >= bare / 2, '≥ 0.50×')
  }
  const admitted = (name: string) =>
    (results[name] ?? []).reduce((sum, { load }) => sum + figuresOf(load, 200).count, 0)
  const shown = (results['check-ins'] ?? []).reduce((sum, { load }) => sum + load.requests, 0)
  const value = `${admitted('check-ins')} of ${shown}`
  context.check('tickets scanned once and admitted', value, admitted('check-ins') === shown, 'all')
}
