import { Redis } from 'ioredis'
import pg from 'pg'
import { freeCounts, seatMaps } from '../../invariants/redis.ts'
import { type Bench, type BenchContext, interleave } from '../bench.ts'
import { signIn } from '../crowd.ts'
import { holdOne, holdSeat } from '../holds/hold-templates.ts'
import { BUYERS, CONNECTIONS, checkHoldsAreStored, createHolds } from '../holds/holds.ts'
import { fact, figuresOf, heading, times } from '../report.ts'
import { median } from '../statistics.ts'
import { publishField, publishHall, seatsAtMost } from '../venue.ts'
import { liftedLimits, type Measured, showRounds, type World, withWorld } from '../world.ts'
import { type RedisProxy, startRedisProxy } from './proxy.ts'

const LATE_MS = 50
const FLUSH_EVERY_MS = 1_000
const CORRECT_SECONDS_MAX = 30

/**
 * Measures holds while Redis is slow, unreachable or flushed, and how long its availability cache is wrong
 * afterwards.
 */
export const redis: Bench = {
  title:
    'holds while Redis is slow, unreachable or flushed, and until its availability cache is correct again',
  async run(context) {
    const proxy = await startRedisProxy()
    try {
      const env = { tickets: { ...liftedLimits.tickets, REDIS_URL: proxy.url } }
      await withWorld(context, env, (world) => measureFaults(context, world, proxy))
    } finally {
      await proxy.stop()
    }
  },
}

const HEALTHY = 'healthy'
type Fault = typeof HEALTHY | 'late' | 'lost' | 'flushed'

async function measureFaults(context: BenchContext, world: World, proxy: RedisProxy): Promise<void> {
  const { bench } = world
  const [seconds, rounds] = [context.sized(8, 3), context.sized(5, 2)]
  const seats = seatsAtMost(context.sized(50_000, 20_000))
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = signIn(bench, BUYERS)
  const { urls } = bench.system
  const { held, hold } = createHolds(world, { kind: 'closed', connections: CONNECTIONS, seconds })
  const client = new Redis(urls.redis)
  const pool = new pg.Pool({ connectionString: bench.system.databaseUrl('tickets'), max: 1 })
  const healthy = { targetPort: Number(new URL(urls.redis).port), lateMs: 0, lost: false }
  const wrong: Record<Fault, number[]> = { [HEALTHY]: [], late: [], lost: [], flushed: [] }

  /** Sells one hall and one field during a fault. */
  const sellWhile = (fault: Fault) => async (): Promise<Measured[]> => {
    const hall = await publishHall(organizer, seats)
    const field = await publishField(organizer)
    await proxy.setFault({ ...healthy, lateMs: fault === 'late' ? LATE_MS : 0, lost: fault === 'lost' })
    const flushing =
      fault === 'flushed' ? setInterval(() => void client.flushall(), FLUSH_EVERY_MS) : undefined
    const measured = [
      await hold(holdSeat(urls.tickets, hall, buyers), hall.eventId, seats),
      await hold(holdOne(urls.tickets, field, buyers), field.eventId),
    ]
    clearInterval(flushing)
    await proxy.setFault(healthy)
    wrong[fault].push(await secondsUntilCorrect(pool, client))
    return measured
  }

  await proxy.setFault(healthy)
  try {
    const results = await interleave<Fault, Measured[]>(rounds, {
      [HEALTHY]: sellWhile(HEALTHY),
      late: sellWhile('late'),
      lost: sellWhile('lost'),
      flushed: sellWhile('flushed'),
    })
    report(context, results, wrong, `${rounds} rounds of ${seconds} s each, ${CONNECTIONS} connections`)
  } finally {
    client.disconnect()
    await pool.end()
  }
  await checkHoldsAreStored(context, bench, held)
  await context.invariants(bench.observed)
}

function report(
  context: BenchContext,
  results: Record<Fault, Measured[][]>,
  wrong: Readonly<Record<Fault, number[]>>,
  how: string,
): void {
  heading(`Holds during faults of Redis: ${how}, ${context.instances} of each service`)
  fact('limits lifted', JSON.stringify(liftedLimits))
  fact('late, flushed', `every response ${LATE_MS} ms late; flushed every ${FLUSH_EVERY_MS} ms`)
  const rateOf = (all: readonly Measured[]) => median(all.map(({ load }) => figuresOf(load, 201).perSecond))
  for (const [index, kind] of ['seats', 'general'].entries()) {
    const ofKind = (fault: Fault) => results[fault].flatMap((pair) => pair[index] ?? [])
    for (const fault of Object.keys(results) as Fault[]) {
      showRounds(context, `${kind}, Redis ${fault}`, ofKind(fault), { status: 201, what: 'hold' })
      if (fault !== HEALTHY)
        fact(
          `${kind}, Redis ${fault}, relative to healthy`,
          times(rateOf(ofKind(fault)), rateOf(ofKind(HEALTHY))),
        )
    }
  }
  for (const [fault, seconds] of Object.entries(wrong)) {
    const longest = Math.max(...seconds)
    context.goal(
      `until the availability cache is correct, Redis ${fault}`,
      `at most ${longest.toFixed(1)} s`,
      longest <= CORRECT_SECONDS_MAX,
      `≤ ${CORRECT_SECONDS_MAX} s`,
    )
  }
}

/** Infinite if it is still wrong after four times the goal. */
async function secondsUntilCorrect(pool: pg.Pool, client: Redis): Promise<number> {
  const query = async <Row>(_service: string, sql: string): Promise<Row[]> =>
    (await pool.query(sql)).rows as Row[]
  const startedMs = performance.now()
  for (;;) {
    const differences = [await freeCounts(query, client), await seatMaps(query, client)]
    const seconds = (performance.now() - startedMs) / 1_000
    if (differences.every(({ rows }) => rows.length === 0)) return seconds
    if (seconds > 4 * CORRECT_SECONDS_MAX) return Number.POSITIVE_INFINITY
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
