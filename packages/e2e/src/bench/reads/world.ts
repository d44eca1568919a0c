import type { Minor, TicketId } from '@boxoffice/contracts'
import { publishEvent } from '../../events.ts'
import { expectStatus, type Person } from '../../person.ts'
import { createRandom, drawByRank } from '../../random.ts'
import { type BenchSystem, startBenchSystem } from '../bench-system.ts'
import { closedLoop } from '../load/loops.ts'
import { step } from '../report.ts'

const ORGANIZERS = 4
const EVENTS = 24
const BUYERS = 80
const ORDERS_BEFORE = 240
const CAUGHT_UP_MS_MAX = 60_000
const SEED = 20_261_121

type Sale = Awaited<ReturnType<typeof publishEvent>> & { organizer: Person }
export interface World {
  bench: BenchSystem
  operator: Person
  buyers: readonly [Person, ...Person[]]
  sales: readonly [Sale, ...Sale[]]
  ticketIds: ReadonlyMap<Person, TicketId>
  random: () => number
}

/**
 * Starts a system with events that have sales, which the read side has counted; `analytics` overrides its
 * environment.
 */
export async function withWorld<T>(
  analytics: Record<string, string | undefined>,
  work: (world: World) => Promise<T>,
): Promise<T> {
  // The gateway is not measured here, so it has unlimited capacity.
  const payments = { RESILIENCE: JSON.stringify({ gateway: { ratePerSecond: 10_000 } }) }
  const bench = await startBenchSystem({ env: { analytics, payments } })
  try {
    return await work(await createWorld(bench))
  } finally {
    await bench.stop()
  }
}

async function createWorld(bench: BenchSystem): Promise<World> {
  step(`${BUYERS} buyers, ${EVENTS} events of ${ORGANIZERS} organizers, ${ORDERS_BEFORE} orders`)
  const operator = await bench.operator()
  const organizers = await Promise.all(
    Array.from({ length: ORGANIZERS }, () => bench.person('Olga', { organizer: true })),
  )
  const buyers: Person[] = []
  await closedLoop(4, { actions: BUYERS }, async () => buyers.push(await bench.person('Frida')))
  const sales: Sale[] = []
  for (let index = 0; index < EVENTS; index++) {
    const organizer = organizers[index % ORGANIZERS] as Person
    const what = { name: `Evening ${index + 1}`, quantity: 100_000, unitPrice: 5_000 as Minor }
    sales.push({ ...(await publishEvent(organizer, what)), organizer })
  }
  const ticketIds = new Map<Person, TicketId>()
  const world = { bench, operator, buyers, sales, ticketIds, random: createRandom(SEED) } as unknown as World
  const { failed } = await closedLoop(8, { actions: ORDERS_BEFORE }, () => sell(world))
  if (failed > 0) throw new Error(`${failed} orders failed before the measurement`)
  await caughtUp(world)
  for (const buyer of buyers) {
    const { tickets } = expectStatus(await buyer.v1.listSoldTickets({ query: {} }), 200)
    if (tickets[0]) ticketIds.set(buyer, tickets[0].ticketId)
  }
  return world
}

/** Waits until the read side has counted the purchases. */
async function caughtUp({ sales }: World): Promise<void> {
  const limitMs = performance.now() + CAUGHT_UP_MS_MAX
  const isBehind = async ({ organizer, eventId }: Sale) => {
    const { ticketTypes } = expectStatus(await organizer.tickets.listTicketTypes({ query: { eventId } }), 200)
    const sold = ticketTypes.reduce((sum, type) => sum + type.quantityTotal - type.quantityAvailable, 0)
    const answer = await organizer.v1.countSoldTickets({ params: { eventId } })
    return answer.status !== 200 || answer.body.soldCount !== sold
  }
  while ((await Promise.all(sales.map(isBehind))).some(Boolean)) {
    if (performance.now() > limitMs) throw new Error('the read side did not catch up')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const anyOf = <T>(things: readonly [T, ...T[]], random: () => number): T =>
  things[Math.floor(random() * things.length)] ?? things[0]

/** Buys one to three tickets as a random user; popular events are more likely. */
export const sell = async ({ buyers, sales, random }: World) =>
  expectStatus(
    await anyOf(buyers, random).buy({ ...drawByRank(sales, random), quantity: 1 + Math.floor(random() * 3) }),
    201,
  )

/** Kinds of reads: mostly counts, then users' own tickets; organizers read their sales. */
function draw({ buyers, sales, ticketIds, random }: World): { path: string; by: Person } {
  const { organizer, eventId, event } = drawByRank(sales, random)
  const buyer = anyOf(buyers, random)
  const ticketId = ticketIds.get(buyer)
  const kind = random()
  if (kind < 0.45) return { path: `/api/v1/tickets/count/${eventId}`, by: buyer }
  if (kind < 0.65 || !ticketId) return { path: '/api/v1/tickets', by: buyer }
  if (kind < 0.8) return { path: `/api/v1/tickets/${ticketId}`, by: buyer }
  if (kind < 0.85) return { path: `/api/v1/tickets/revenue/${event.venueId}/${eventId}`, by: organizer }
  if (kind < 0.95) return { path: `/api/analytics/events/${eventId}/sales`, by: organizer }
  return { path: '/api/analytics/sales', by: organizer }
}

/**
 * Sends a random read. The response is not decoded, because the readers share a process with the measured
 * sale.
 */
export async function read(world: World): Promise<void> {
  const { path, by } = draw(world)
  await get(`${world.bench.system.urls.edge}${path}`, by.headers())
}

/** Rejects unless the status is 200. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<void> {
  const response = await fetch(url, { headers })
  await response.arrayBuffer()
  if (response.status !== 200) throw new Error(`unexpected status ${response.status}`)
}
