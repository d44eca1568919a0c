import type { Minor, TicketId } from '@boxoffice/contracts'
import { publishEvent } from '../events.ts'
import { expectStatus, type Person } from '../person.ts'
import { type BenchSystem, readMetric, startBenchSystem } from './bench-system.ts'
import { closedLoop, type Figures, openLoop } from './load.ts'
import { fact, heading, invariantsHold, line, percent, promise, step, times } from './report.ts'

const EVENTS = 3
const BUYERS = 8
const ORDERS_BEFORE = 120
const READERS = 8
const READ_SECONDS = 10
const SALES_PER_SECOND = 4
const READS_PER_SECOND_BESIDE = 100
const SALE_BUYERS = 2
const SALE_SECONDS = 8
const SALE_ROUNDS = 3

const HIT_RATE_MIN = 0.8
const FEWER_QUERIES_MIN = 0.7

/**
 * The read side under a load of reads like that of an on-sale, with its cache and without, while sales go on; then a sale with and
 * without reads beside it. Whether all that is promised was kept.
 */
export async function benchReads(): Promise<boolean> {
  const cached = await withWorld({}, async (world) => {
    step(`${READERS} people read for ${READ_SECONDS} s, with the cache`)
    const reading = await readWhileSelling(world)
    return { reading, sale: await saleBesideReads(world), sound: await invariantsHold(world.bench.observed) }
  })
  const plain = await withWorld({ CACHE_REDIS_URL: undefined }, (world) => {
    step(`${READERS} people read for ${READ_SECONDS} s, without it`)
    return readWhileSelling(world)
  })

  heading(`Reads, ${READERS} people one after the other, while ${SALES_PER_SECOND} orders a second change what they read`)
  line('with the cache', cached.reading.figures)
  line('without (baseline)', plain.figures)
  const { hitRate, queriesPerRead } = cached.reading
  const fewer = 1 - queriesPerRead / plain.queriesPerRead
  const [hits, saves] = [hitRate >= HIT_RATE_MIN, fewer >= FEWER_QUERIES_MIN]
  promise('hit rate', percent(hitRate), hits, `at least ${percent(HIT_RATE_MIN)}`)
  promise('fewer database calls than without', percent(fewer), saves, `at least ${percent(FEWER_QUERIES_MIN)}`)
  fact('database calls a read', `${queriesPerRead.toFixed(3)}, without the cache ${plain.queriesPerRead.toFixed(3)}`)
  fact('p50 and p99 beside the baseline', ratios(cached.reading.figures, plain.figures))

  heading(
    `A sale, ${SALE_BUYERS} buyers one after the other, beside ${READS_PER_SECOND_BESIDE} reads a second; ${SALE_ROUNDS} rounds each, in turns`,
  )
  for (const [index, { alone, beside, reads }] of cached.sale.entries()) {
    line(`round ${index + 1}: alone (baseline)`, alone)
    line(`round ${index + 1}: beside reads`, beside)
    line('         the reads', reads)
  }
  const ratio = median(cached.sale.map(({ alone, beside }) => beside.p50Ms / alone.p50Ms))
  fact('p50 of a purchase beside reads, median of the rounds', `${ratio.toFixed(2)}× of alone`)
  const throughput = median(cached.sale.map(({ alone, beside }) => beside.perSecond / alone.perSecond))
  fact('purchases a second beside reads, median of the rounds', `${throughput.toFixed(2)}× of alone`)
  return hits && saves && cached.sound
}

const ratios = (measured: Figures, baseline: Figures) =>
  `${times(measured.p50Ms, baseline.p50Ms)} and ${times(measured.p99Ms, baseline.p99Ms)}; reads a second ${times(measured.perSecond, baseline.perSecond)}`
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

interface World {
  bench: BenchSystem
  organizer: Person
  operator: Person
  buyers: readonly Person[]
  sales: readonly Awaited<ReturnType<typeof publishEvent>>[]
  ticketIds: ReadonlyMap<Person, TicketId>
}

/** A system with events that have sold some, as the read side knows too; `analytics` is put over its environment. */
async function withWorld<T>(analytics: Record<string, string | undefined>, work: (world: World) => Promise<T>): Promise<T> {
  // The gateway is no part of this: it is to take all that comes.
  const payments = { RESILIENCE: JSON.stringify({ gateway: { ratePerSecond: 10_000 } }) }
  const bench = await startBenchSystem({ env: { analytics, payments } })
  try {
    step(`${BUYERS} buyers, ${EVENTS} events, ${ORDERS_BEFORE} orders`)
    const organizer = await bench.person('Olga', { organizer: true })
    const operator = await bench.operator()
    const buyers = await Promise.all(Array.from({ length: BUYERS }, () => bench.person('Frida')))
    const names = ['Riverside Festival', 'A Quiet Evening', 'Basement Frequencies']
    const sales = await Promise.all(
      names.map((name) => publishEvent(organizer, { name, quantity: 100_000, unitPrice: 5_000 as Minor })),
    )
    const world = { bench, organizer, operator, buyers, sales, ticketIds: new Map<Person, TicketId>() }
    await closedLoop(BUYERS, { turns: ORDERS_BEFORE }, (turn) => sell(world, turn))
    await caughtUp(world)
    for (const buyer of buyers) {
      const { tickets } = expectStatus(await buyer.v1.listSoldTickets({ query: {} }), 200)
      if (tickets[0]) world.ticketIds.set(buyer, tickets[0].ticketId)
    }
    return await work(world)
  } finally {
    await bench.stop()
  }
}

/** Until the read side counts what was bought. */
async function caughtUp({ bench, sales, organizer }: World): Promise<void> {
  const limitMs = performance.now() + 60_000
  const behind = async () => {
    const rows = await Promise.all(
      sales.map(async ({ eventId, ticketTypeId }) => {
        const { ticketTypes } = expectStatus(await organizer.tickets.listTicketTypes({ query: { eventId } }), 200)
        const type = ticketTypes.find((each) => each.ticketTypeId === ticketTypeId)
        const sold = (type?.quantityTotal ?? 0) - (type?.quantityAvailable ?? 0)
        const answer = await organizer.v1.countSoldTickets({ params: { eventId } })
        return answer.status === 200 ? sold - answer.body.soldCount : Number.NaN
      }),
    )
    return rows.some((difference) => difference !== 0)
  }
  while (await behind()) {
    if (performance.now() > limitMs) throw new Error(`the read side at ${bench.system.urls.analytics} did not catch up`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Six of ten want the first event, three the second: as crowds do. */
const eventOf = ({ sales }: World, turn: number) =>
  sales[[0, 0, 1, 0, 2, 0, 1, 0, 1, 0][turn % 10] ?? 0] as World['sales'][number]
const buyerOf = ({ buyers }: World, turn: number) => buyers[turn % buyers.length] as Person

const sell = async (world: World, turn: number) =>
  expectStatus(await buyerOf(world, turn).buy({ ...eventOf(world, turn), quantity: 1 + (turn % 3) }), 201)

/** What people look at: counts most of all, then their own tickets; organizers their sales. */
async function read(world: World, turn: number): Promise<void> {
  const { organizer } = world
  const { eventId, event } = eventOf(world, turn * 7)
  const buyer = buyerOf(world, turn * 3)
  const kind = (turn * 13) % 20
  if (kind < 9) expectStatus(await buyer.v1.countSoldTickets({ params: { eventId } }), 200)
  else if (kind < 13) expectStatus(await buyer.v1.listSoldTickets({ query: {} }), 200)
  else if (kind < 16)
    expectStatus(await buyer.v1.getSoldTicket({ params: { ticketId: world.ticketIds.get(buyer) as TicketId } }), 200)
  else if (kind < 17) expectStatus(await organizer.v1.getRevenue({ params: { venueId: event.venueId, eventId } }), 200)
  else if (kind < 19) expectStatus(await organizer.sales.getSales({ params: { eventId }, query: { interval: 'hour' } }), 200)
  else expectStatus(await organizer.sales.listSales({ query: {} }), 200)
}

async function readWhileSelling(world: World) {
  const { urls } = world.bench.system
  const before = { queries: await readMetric(urls.analytics, 'read_queries_total'), cache: await cacheFigures(world) }
  const [figures] = await Promise.all([
    closedLoop(READERS, { seconds: READ_SECONDS }, (turn) => read(world, turn)),
    openLoop(SALES_PER_SECOND, READ_SECONDS, (turn) => sell(world, turn)),
  ])
  const after = { queries: await readMetric(urls.analytics, 'read_queries_total'), cache: await cacheFigures(world) }
  const [hits, misses] = [after.cache.hits - before.cache.hits, after.cache.misses - before.cache.misses]
  if (figures.failed > 0) throw new Error(`${figures.failed} reads failed`)
  return { figures, hitRate: hits / (hits + misses), queriesPerRead: (after.queries - before.queries) / figures.count }
}

async function cacheFigures({ operator }: World): Promise<{ hits: number; misses: number }> {
  const { caches } = expectStatus(await operator.ops.analytics.getCaches({}), 200)
  return caches.reduce((sum, { hits, misses }) => ({ hits: sum.hits + hits, misses: sum.misses + misses }), {
    hits: 0,
    misses: 0,
  })
}

/** In turns, so that what else the machine does meanwhile falls on both. */
async function saleBesideReads(world: World) {
  const rounds: { alone: Figures; beside: Figures; reads: Figures }[] = []
  const sale = () => closedLoop(SALE_BUYERS, { seconds: SALE_SECONDS }, (turn) => sell(world, turn))
  for (let round = 1; round <= SALE_ROUNDS; round++) {
    step(`a sale for ${SALE_SECONDS} s alone, then beside reads: round ${round} of ${SALE_ROUNDS}`)
    const alone = await sale()
    const [beside, reads] = await Promise.all([
      sale(),
      openLoop(READS_PER_SECOND_BESIDE, SALE_SECONDS, (turn) => read(world, turn)),
    ])
    rounds.push({ alone, beside, reads })
  }
  return rounds
}
