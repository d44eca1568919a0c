import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import type { Bench, BenchContext } from '../bench.ts'
import { type Buyer, signIn } from '../crowd.ts'
import { holdSeat } from '../holds/hold-templates.ts'
import { BUYERS, CONNECTIONS, checkHoldsAreStored } from '../holds/holds.ts'
import { evenSchedule } from '../load/schedule.ts'
import { fact, figuresOf, heading, line, otherAnswers, percent, step } from '../report.ts'
import { sum } from '../statistics.ts'
import { type Hall, publishHall, seatsAtMost } from '../venue.ts'
import { liftedLimits, measureLoad, type World, withWorld } from '../world.ts'

const HOLDS_PER_SECOND = 100
const READS_PER_SECOND = 50
const BYTES_MAX = 50_000
const P99_MS_MAX = 100
const FULL_PROCESS = 0.9

/** Measures the seat map of a large hall, read and watched while seats are held. */
export const map: Bench = {
  title: 'the seat map of a large hall read next to 100 holds a second, and watched by 10,000',
  run: (context) =>
    withWorld(context, liftedLimits, async (world) => {
      const { bench } = world
      const organizer = await bench.person('Olga', { organizer: true })
      const buyers = signIn(bench, BUYERS)
      const hall = await publishHall(organizer, seatsAtMost(context.sized(65_000, 20_000)))
      const halls = [hall, await publishHall(organizer, seatsAtMost(context.sized(65_000, 20_000)))]
      const answered = [
        await readMaps(context, world, hall, buyers),
        await watchMaps(context, world, halls[1] ?? hall, buyers),
      ]
      await checkHoldsAreStored(
        context,
        bench,
        halls.map(({ eventId }, index) => ({ eventId, answered: answered[index] ?? 0 })),
      )
      await context.invariants(bench.observed)
    }),
}

/**
 * Reads the map at a steady rate, then as fast as ten readers can, both next to holds; returns the number of
 * holds.
 */
async function readMaps(
  context: BenchContext,
  world: World,
  hall: Hall,
  buyers: readonly Buyer[],
): Promise<number> {
  const { urls } = world.bench.system
  const template = holdSeat(urls.edge, hall, buyers)
  const half = Math.floor(hall.seatIds.length / 2)
  const reader = world.bench.generator()
  try {
    await printPlanSize(urls.edge, hall)
    step(`holding every other seat, ${half} of them`)
    const closed = { kind: 'closed', connections: CONNECTIONS, requests: half } as const
    const first = await world.generator.run(template, closed)
    const loads = await measureReads(context, world, { hall, template, reader, held: half })
    reportReads(context, hall, loads)
    return sum([first, loads.beside.load, loads.besideGreedy.load].map((load) => figuresOf(load, 201).count))
  } finally {
    await reader.stop()
  }
}

/** Measures both kinds of reads; the first `held` seats are already held. */
async function measureReads(
  context: BenchContext,
  world: World,
  {
    hall,
    template,
    reader,
    held,
  }: {
    hall: Hall
    template: ReturnType<typeof holdSeat>
    reader: ReturnType<World['bench']['generator']>
    held: number
  },
) {
  const seconds = context.sized(20, 6)
  const read = {
    method: 'GET',
    url: `${world.bench.system.urls.edge}/api/tickets/seats?eventId=${hall.eventId}`,
    headers: { 'accept-encoding': 'br, gzip' },
  }
  const sale = (firstIndex: number) => ({
    kind: 'open' as const,
    dueMs: evenSchedule(HOLDS_PER_SECOND, seconds),
    connectionsMax: 200,
    firstIndex,
  })
  step(
    `${READS_PER_SECOND} reads of the map a second, next to ${HOLDS_PER_SECOND} holds a second, ` +
      `for ${seconds} s`,
  )
  const steadily = reader.run(read, {
    kind: 'open',
    dueMs: evenSchedule(READS_PER_SECOND, seconds),
    connectionsMax: 200,
  })
  const beside = await measureLoad(world, template, sale(held), { reader: reader.pid })
  const steady = await steadily
  step('ten readers in a closed loop, next to the same holds')
  const greedily = reader.run(read, { kind: 'closed', connections: 10, seconds })
  const besideGreedy = await measureLoad(world, template, sale(held + HOLDS_PER_SECOND * seconds), {
    reader: reader.pid,
  })
  return { steady, beside, greedy: await greedily, besideGreedy }
}

function reportReads(
  context: BenchContext,
  hall: Hall,
  { steady, beside, greedy, besideGreedy }: Awaited<ReturnType<typeof measureReads>>,
): void {
  heading(
    `The map of ${hall.seatIds.length} seats, half of them held, through the edge, ` +
      `${context.instances} of each service`,
  )
  line(`reads, ${READS_PER_SECOND} a second`, figuresOf(steady, 200))
  line(`holds at the same time`, figuresOf(beside.load, 201))
  context.limits('reads', beside.limits)
  line('reads, ten readers', figuresOf(greedy, 200))
  line('holds at the same time', figuresOf(besideGreedy.load, 201))
  context.limits('ten readers', besideGreedy.limits)
  context.record('reads', { steady, beside: beside.load, greedy, besideGreedy: besideGreedy.load })
  const { p99Ms } = figuresOf(steady, 200)
  context.goal(
    'p99 of a read next to holds',
    `${p99Ms.toFixed(0)} ms`,
    p99Ms < P99_MS_MAX,
    `< ${P99_MS_MAX} ms`,
  )
  const { bodyBytes } = steady
  context.goal(
    'bytes of a map as sent',
    bodyBytes.toLocaleString('en'),
    bodyBytes < BYTES_MAX,
    `< ${BYTES_MAX.toLocaleString('en')}`,
  )
  const others = [
    otherAnswers(steady, 200),
    otherAnswers(greedy, 200),
    otherAnswers(beside.load, 201),
    otherAnswers(besideGreedy.load, 201),
  ]
  if (others.some(Boolean)) fact('other answers', others.filter(Boolean).join('; '))
}

/** Prints the size of the seating plan as sent and unpacked. */
async function printPlanSize(edgeUrl: string, { eventId }: Hall): Promise<void> {
  const url = `${edgeUrl}/api/events/${eventId}/seating-plan`
  const packed = await new Promise<{ bytes: number; plain: number; cache: string; encoding: string }>(
    (resolve, reject) => {
      request(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const body = Buffer.concat(chunks)
          const encoding = response.headers['content-encoding'] ?? 'none'
          const plain = encoding === 'gzip' ? gunzipSync(body).length : body.length
          resolve({ bytes: body.length, plain, encoding, cache: response.headers['cache-control'] ?? 'none' })
        })
      })
        .on('error', reject)
        .end()
    },
  )
  heading('The plan')
  fact(
    'bytes as sent, and uncompressed',
    `${packed.bytes.toLocaleString('en')} (${packed.encoding}), ${packed.plain.toLocaleString('en')}`,
  )
  fact('cache-control', packed.cache)
}

/** Every watcher has the map open; every change is sent to all of them. */
async function watchMaps(
  context: BenchContext,
  world: World,
  hall: Hall,
  buyers: readonly Buyer[],
): Promise<number> {
  const { urls } = world.bench.system
  const [watchers, seconds] = [context.sized(10_000, 1_000), context.sized(20, 6)]
  const watcher = world.bench.generator()
  try {
    step(`${watchers} watchers open their streams`)
    const opening = Promise.withResolvers<void>()
    const job = {
      url: `${urls.tickets}/api/tickets/seats/stream?eventId=${hall.eventId}`,
      watchers,
      seconds: seconds + 1,
    }
    const watching = watcher.watch(job, opening.resolve)
    await Promise.race([opening.promise, watching])
    const load = {
      kind: 'open',
      dueMs: evenSchedule(HOLDS_PER_SECOND, seconds),
      connectionsMax: 200,
    } as const
    const sale = await measureLoad(world, holdSeat(urls.tickets, hall, buyers), load, {
      watchers: watcher.pid,
    })
    const watched = await watching
    heading(`${watchers} watchers of one map next to ${HOLDS_PER_SECOND} holds a second, for ${seconds} s`)
    line('holds at the same time', figuresOf(sale.load, 201))
    context.limits('watchers', sale.limits)
    context.record('watchers', { watched, sale: sale.load })
    fact(
      'events sent',
      `${watched.events} (${(watched.events / seconds).toFixed(0)}/s), ` +
        `${(watched.bytes / 1_048_576).toFixed(1)} MiB`,
    )
    fact(
      'delay between the first and the last watcher of a change',
      watched.spread.count > 0
        ? `p50 ${watched.spread.p50Ms.toFixed(0)} ms, p99 ${watched.spread.p99Ms.toFixed(0)} ms`
        : 'no change reached all watchers',
    )
    const share = (sale.limits.cpu.tickets ?? 0) / 1_000 / sale.limits.seconds
    context.goal(
      `CPU of the ticket service with ${watchers} watchers`,
      percent(share, 0),
      share < FULL_PROCESS,
      `< ${percent(FULL_PROCESS, 0)} of a core`,
    )
    context.check('watchers that lost their stream', String(watched.lost), watched.lost === 0, 'none')
    return figuresOf(sale.load, 201).count
  } finally {
    await watcher.stop()
  }
}
