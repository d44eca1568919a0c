import { Redis } from 'ioredis'
import pg from 'pg'
import { freeCounts, seatMaps } from '../../invariants/redis.ts'
import { type Bench, type BenchContext, inTurns } from '../bench.ts'
import { signIn } from '../crowd.ts'
import { holdOne, holdSeat } from '../holds/hold-templates.ts'
import { BUYERS, CONNECTIONS, createHolds, everyHoldIsThere } from '../holds/holds.ts'
import { fact, figuresOf, heading, times } from '../report.ts'
import { median } from '../statistics.ts'
import { publishField, publishHall, seatsAtMost } from '../venue.ts'
import { liftedLimits, type Measured, showRounds, type World, withWorld } from '../world.ts'
import { type RedisProxy, startRedisProxy } from './proxy.ts'

const LATE_MS = 50
const FLUSH_EVERY_MS = 1_000
const RIGHT_SECONDS_MAX = 30

/**
 * What holds cost while Redis is late, lost, or forgets everything; and how long its availability cache is
 * wrong afterwards.
 */
export const redis: Bench = {
  title: 'holds while Redis is late, lost or flushed, and until its availability cache is right again',
  async run(context) {
    const proxy = await startRedisProxy()
    try {
      const env = { tickets: { ...liftedLimits.tickets, REDIS_URL: proxy.url } }
      await withWorld(context, env, (world) => measureTrouble(context, world, proxy))
    } finally {
      await proxy.stop()
    }
  },
}

const AS_EVER = 'as ever'
type Matter = typeof AS_EVER | 'late' | 'lost' | 'flushed'

async function measureTrouble(context: BenchContext, world: World, proxy: RedisProxy): Promise<void> {
  const { bench } = world
  const [seconds, rounds] = [context.sized(8, 3), context.sized(5, 2)]
  const seats = seatsAtMost(context.sized(50_000, 20_000))
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = signIn(bench, BUYERS)
  const { urls } = bench.system
  const { held, hold } = createHolds(world, { kind: 'closed', connections: CONNECTIONS, seconds })
  const client = new Redis(urls.redis)
  const pool = new pg.Pool({ connectionString: bench.system.databaseUrl('tickets'), max: 1 })
  const well = { targetPort: Number(new URL(urls.redis).port), lateMs: 0, lost: false }
  const wrong: Record<Matter, number[]> = { [AS_EVER]: [], late: [], lost: [], flushed: [] }

  /** One hall and one field, each sold while something is the matter. */
  const sellWhile = (matter: Matter) => async (): Promise<Measured[]> => {
    const hall = await publishHall(organizer, seats)
    const field = await publishField(organizer)
    await proxy.tell({ ...well, lateMs: matter === 'late' ? LATE_MS : 0, lost: matter === 'lost' })
    const flushing =
      matter === 'flushed' ? setInterval(() => void client.flushall(), FLUSH_EVERY_MS) : undefined
    const measured = [
      await hold(holdSeat(urls.tickets, hall, buyers), hall.eventId, seats),
      await hold(holdOne(urls.tickets, field, buyers), field.eventId),
    ]
    clearInterval(flushing)
    await proxy.tell(well)
    wrong[matter].push(await secondsUntilRight(pool, client))
    return measured
  }

  await proxy.tell(well)
  try {
    const results = await inTurns<Matter, Measured[]>(rounds, {
      [AS_EVER]: sellWhile(AS_EVER),
      late: sellWhile('late'),
      lost: sellWhile('lost'),
      flushed: sellWhile('flushed'),
    })
    report(context, results, wrong, `${rounds} rounds of ${seconds} s each, ${CONNECTIONS} connections`)
  } finally {
    client.disconnect()
    await pool.end()
  }
  await everyHoldIsThere(context, bench, held)
  await context.invariants(bench.observed)
}

function report(
  context: BenchContext,
  results: Record<Matter, Measured[][]>,
  wrong: Readonly<Record<Matter, number[]>>,
  how: string,
): void {
  heading(`Holds while something is the matter with Redis: ${how}, ${context.instances} of each service`)
  fact('limits that are lifted', JSON.stringify(liftedLimits))
  fact('late, flushed', `every answer ${LATE_MS} ms late; flushed every ${FLUSH_EVERY_MS} ms`)
  const rateOf = (all: readonly Measured[]) => median(all.map(({ load }) => figuresOf(load, 201).perSecond))
  for (const [index, kind] of ['seats', 'general'].entries()) {
    const ofKind = (matter: Matter) => results[matter].flatMap((pair) => pair[index] ?? [])
    for (const matter of Object.keys(results) as Matter[]) {
      showRounds(context, `${kind}, Redis ${matter}`, ofKind(matter), { status: 201, what: 'hold' })
      if (matter !== AS_EVER)
        fact(
          `${kind}, Redis ${matter}, beside as ever`,
          times(rateOf(ofKind(matter)), rateOf(ofKind(AS_EVER))),
        )
    }
  }
  for (const [matter, seconds] of Object.entries(wrong)) {
    const longest = Math.max(...seconds)
    const said = `${longest.toFixed(1)} s at most`
    context.goal(
      `until the availability cache is right, Redis ${matter}`,
      said,
      longest <= RIGHT_SECONDS_MAX,
      `≤ ${RIGHT_SECONDS_MAX} s`,
    )
  }
}

/** Infinite when it is not right in four times the goal. */
async function secondsUntilRight(pool: pg.Pool, client: Redis): Promise<number> {
  const query = async <Row>(_service: string, sql: string): Promise<Row[]> =>
    (await pool.query(sql)).rows as Row[]
  const startedMs = performance.now()
  for (;;) {
    const differences = [await freeCounts(query, client), await seatMaps(query, client)]
    const seconds = (performance.now() - startedMs) / 1_000
    if (differences.every(({ rows }) => rows.length === 0)) return seconds
    if (seconds > 4 * RIGHT_SECONDS_MAX) return Number.POSITIVE_INFINITY
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
