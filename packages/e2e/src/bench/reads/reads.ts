import { constants, setPriority } from 'node:os'
import { expectStatus } from '../../person.ts'
import { readMetric } from '../bench-system.ts'
import { type Action, closedLoop, type Figures, openLoop } from '../load/loops.ts'
import { check, fact, heading, invariantsHold, line, percent, step, times } from '../report.ts'
import { median } from '../statistics.ts'
import { get, read, sell, type World, withWorld } from './world.ts'

const READS_PER_SECOND = 120
const READ_SECONDS = 20
const SALES_PER_SECOND = 4
const BESIDE_PER_SECOND = 100
const SALE_BUYERS = 2
const SALE_SECONDS = 8
const SALE_ROUNDS = 3

const HIT_RATE_MIN = 0.8
const FEWER_QUERIES_MIN = 0.7

/**
 * Measures the read side under the reads of an on-sale, with its cache and without, while sales continue;
 * then a sale with and without reads next to it. Returns whether all checks passed.
 */
export async function benchReads(): Promise<boolean> {
  const load = `${READS_PER_SECOND} reads a second for ${READ_SECONDS} s`
  const cached = await withWorld({}, async (world) => {
    step(`${load}, with the cache`)
    const reading = await readWhileSelling(world)
    return { reading, sale: await saleBesideReads(world), sound: await invariantsHold(world.bench.observed) }
  })
  const plain = await withWorld({ CACHE_REDIS_URL: undefined }, (world) => {
    step(`${load}, without it`)
    return readWhileSelling(world)
  })
  const kept = reportReads(cached.reading, plain)
  reportSale(cached.sale)
  return kept && cached.sound
}

type Reading = Awaited<ReturnType<typeof readWhileSelling>>

async function readWhileSelling(world: World) {
  const before = await figuresOfReads(world)
  const [figures, sales] = await Promise.all([
    openLoop(READS_PER_SECOND, READ_SECONDS, () => read(world)),
    openLoop(SALES_PER_SECOND, READ_SECONDS, () => sell(world)),
  ])
  const after = await figuresOfReads(world)
  if (figures.failed + sales.failed > 0)
    throw new Error(`${figures.failed} reads and ${sales.failed} sales failed`)
  const [hits, misses] = [after.hits - before.hits, after.misses - before.misses]
  return {
    figures,
    hitRate: hits / (hits + misses),
    queriesPerRead: (after.queries - before.queries) / figures.count,
  }
}

async function figuresOfReads({
  bench,
  operator,
}: World): Promise<{ queries: number; hits: number; misses: number }> {
  const queries = await readMetric(bench.system.urls.analytics, 'read_queries_total')
  const { caches } = expectStatus(await operator.ops.analytics.getCaches({}), 200)
  const sumOf = (field: 'hits' | 'misses') => caches.reduce((sum, cache) => sum + cache[field], 0)
  return { queries, hits: sumOf('hits'), misses: sumOf('misses') }
}

function reportReads(cached: Reading, plain: Reading): boolean {
  heading(`${READS_PER_SECOND} reads a second, while ${SALES_PER_SECOND} orders a second change the data`)
  line('with the cache', cached.figures)
  line('without the cache (baseline)', plain.figures)
  const fewer = 1 - cached.queriesPerRead / plain.queriesPerRead
  const [hits, saves] = [cached.hitRate >= HIT_RATE_MIN, fewer >= FEWER_QUERIES_MIN]
  check('hit rate', percent(cached.hitRate), hits, `at least ${percent(HIT_RATE_MIN)}`)
  check(
    'fewer database calls than without the cache',
    percent(fewer),
    saves,
    `at least ${percent(FEWER_QUERIES_MIN)}`,
  )
  fact(
    'database calls per read',
    `${cached.queriesPerRead.toFixed(3)}, without the cache ${plain.queriesPerRead.toFixed(3)}`,
  )
  const ratio = (figure: 'p50Ms' | 'p99Ms') => times(cached.figures[figure], plain.figures[figure])
  fact('p50 and p99 relative to the baseline', `${ratio('p50Ms')} and ${ratio('p99Ms')}`)
  return hits && saves
}

/**
 * Measures a sale by itself, next to requests that an unrelated service answers from memory, and next to
 * reads.
 */
interface Round {
  alone: Figures
  nothing: Figures
  reads: Figures
}

/**
 * The rounds alternate, so that other load on the machine affects all equally. The read side gets the cores
 * that the sale leaves free, because in production it has its own. What both still share is the edge,
 * PostgreSQL, Redis and the queues.
 */
async function saleBesideReads(world: World): Promise<Round[]> {
  const { urls, service } = world.bench.system
  const { pid } = service('analytics')
  if (pid === null) throw new Error('the read side is down')
  setPriority(pid, constants.priority.PRIORITY_LOW)
  const keys = `${urls.edge}/api/auth/.well-known/jwks.json`
  const sale = async () => {
    const figures = await closedLoop(SALE_BUYERS, { seconds: SALE_SECONDS }, () => sell(world))
    if (figures.failed > 0) throw new Error(`${figures.failed} orders failed`)
    return figures
  }
  const beside = async (action: Action) => {
    const [figures, others] = await Promise.all([sale(), openLoop(BESIDE_PER_SECOND, SALE_SECONDS, action)])
    if (others.failed > 0) throw new Error(`${others.failed} requests next to the sale failed`)
    return figures
  }
  const rounds: Round[] = []
  for (let round = 1; round <= SALE_ROUNDS; round++) {
    step(
      `a sale for ${SALE_SECONDS} s: alone, next to unrelated requests, next to reads; ` +
        `round ${round} of ${SALE_ROUNDS}`,
    )
    rounds.push({
      alone: await sale(),
      nothing: await beside(() => get(keys)),
      reads: await beside(() => read(world)),
    })
  }
  return rounds
}

function reportSale(rounds: readonly Round[]): void {
  heading(
    `A sale, ${SALE_BUYERS} buyers one after the other, alone and next to ${BESIDE_PER_SECOND} requests ` +
      `a second; ${rounds.length} alternating rounds`,
  )
  for (const [index, { alone, nothing, reads }] of rounds.entries()) {
    line(`round ${index + 1}: alone`, alone)
    line('         next to unrelated requests', nothing)
    line('         next to reads', reads)
  }
  const ratioOf = (one: keyof Round, other: keyof Round, figure: 'p50Ms' | 'perSecond') =>
    `${median(rounds.map((round) => round[one][figure] / round[other][figure])).toFixed(2)}×`
  // All processes share the cores of one machine, so the baseline includes the cost of sending requests
  // through the edge.
  fact(
    'p50 of a purchase next to reads, median',
    `${ratioOf('reads', 'nothing', 'p50Ms')} of next to unrelated requests`,
  )
  fact('purchases a second next to reads, median', ratioOf('reads', 'nothing', 'perSecond'))
  fact(
    'p50 next to reads, and next to unrelated requests',
    `${ratioOf('reads', 'alone', 'p50Ms')} and ${ratioOf('nothing', 'alone', 'p50Ms')} of alone`,
  )
}
