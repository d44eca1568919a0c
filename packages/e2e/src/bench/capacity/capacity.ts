import type { Bench, BenchContext } from '../bench.ts'
import { fact, heading, step, table } from '../report.ts'
import { readServiceTimes } from './measured-times.ts'
import { BATCH_MAX, IN_FLIGHT_MAX, type OnSale, type Plan, planOnSale, type ServiceTimes } from './on-sale.ts'

/**
 * What a vCPU of Fargate does of what one core here does: an assumption, to be replaced by a run of `pages`
 * there.
 */
export const VCPU_FACTOR = 0.7
/** What a task may be loaded with on average, so that a burst finds room. */
const UTILISATION = 0.7
/** Aurora Serverless: one ACU is about 2 GiB with a quarter of a vCPU. */
const VCPU_PER_ACU = 0.25
const TASK_VCPUS = { tickets: 1, payments: 1, notifications: 0.5, analytics: 0.5 } as const
const BUYERS = [10_000, 100_000, 1_000_000]
const ADMITTED_PER_SECOND = [0, 0, 5_000]

const WALLS = {
  batches:
    "the commits of one event's counter: split its general tickets into several types or zones, or let people in slower",
  redis:
    "the one thread of Redis that has an event's keys: let people in slower; more shards do not help one event",
} as const

/** What an on-sale needs, by a simulation from the service times that `holds` and `purchases` measured. */
export const capacity: Bench = {
  title:
    'a simulation from measured service times: what on-sales of 10,000, 100,000 and 1,000,000 buyers need',
  async run(context) {
    const { times, sources } = readServiceTimes()
    const converted = convert(times)
    heading('Service times, in ms of a core of this machine')
    for (const source of sources) fact('from', source)
    sayTimes(times)
    fact('a vCPU of Fargate, of a core here', `${VCPU_FACTOR} (an assumption)`)
    sayTasks(context, converted)
    heading(
      'On-sales: everybody comes within 17 s as EMF had it, half get a ticket, who has one pays within some minutes',
    )
    const rows = BUYERS.map((buyers, index) =>
      planRow(context, buyers, ADMITTED_PER_SECOND[index] ?? 0, converted),
    )
    table([
      [
        'buyers',
        'let in a second',
        'tickets',
        'payments',
        'notifications',
        'analytics',
        'ACUs',
        'cache nodes',
        'hold p99',
        'last mail after',
        'longest queue in front',
      ],
      ...rows.map(({ cells }) => cells),
    ])
    for (const { wall, sale, cells } of rows) {
      fact(`first wall of ${cells[0]}`, wall ? WALLS[wall] : 'none of what an event has one of')
      if (wall) sayWhatMovesIt(context, sale, converted)
    }
  },
}

/** To milliseconds of a vCPU of Fargate, with room for bursts. */
function convert(times: ServiceTimes): ServiceTimes {
  const scale = <T extends Record<string, number>>(values: T): T =>
    Object.fromEntries(Object.entries(values).map(([name, ms]) => [name, ms / VCPU_FACTOR])) as T
  return { ...times, hold: scale(times.hold), purchase: scale(times.purchase) }
}

function sayTimes({ hold, purchase, commitMs, gatewayMs }: ServiceTimes): void {
  const say = (values: Record<string, number>) =>
    Object.entries(values)
      .map(([name, ms]) => `${name} ${ms.toFixed(2)}`)
      .join(', ')
  fact('a hold', say(hold))
  fact('a purchase with its mail', say(purchase))
  fact('assumed', `a commit ${commitMs} ms beside its rows, the gateway ${gatewayMs} ms`)
}

function sayTasks(context: BenchContext, { hold, purchase }: ServiceTimes): void {
  const carries = (vcpus: number, ms: number) => ((vcpus * 1_000 * UTILISATION) / ms).toFixed(0)
  heading(`What one task carries a second, at ${UTILISATION * 100} % of its vCPU`)
  const rows = [
    ['tickets, 1 vCPU', `${carries(1, hold.tickets)} holds, or ${carries(1, purchase.tickets)} purchases`],
    ['payments, 1 vCPU', `${carries(1, purchase.payments)} purchases`],
    ['notifications, 0.5 vCPU', `${carries(0.5, purchase.notifications)} purchases with their mails`],
    ['analytics, 0.5 vCPU', `${carries(0.5, purchase.analytics)} purchases`],
    ['events, 1 vCPU', `${carries(1, purchase.events)} purchases`],
    ['auth, 0.5 vCPU', `${carries(0.5, purchase.auth)} purchases`],
    [
      'Aurora, 1 ACU',
      `${carries(VCPU_PER_ACU, hold.postgres)} holds, or ${carries(VCPU_PER_ACU, purchase.postgres)} purchases`,
    ],
    ['Redis, 1 shard', `${carries(1, hold.redis)} holds`],
  ]
  table(rows)
  context.record('carries', rows)
}

const LANES = 8

/** The same on-sale with the counter split, and with people let in more slowly. */
function sayWhatMovesIt(context: BenchContext, sale: OnSale, times: ServiceTimes): void {
  const { postgres, redis } = times.hold
  const perBatches = (IN_FLIGHT_MAX * 1_000) / (postgres + times.commitMs / BATCH_MAX)
  const letIn = Math.floor(UTILISATION * Math.min(perBatches, 1_000 / redis))
  const others = {
    [`${LANES} counters instead of one`]: { ...sale, lanes: LANES },
    [`${letIn.toLocaleString('en')} people let in a second`]: { ...sale, admittedPerSecond: letIn },
  }
  for (const [how, other] of Object.entries(others)) {
    const { outcome, wall } = planOnSale(other, times)
    context.record('moved', { other, outcome, wall })
    const room =
      outcome.waitingRoomMaxMs > 0
        ? `, the longest queue in front ${(outcome.waitingRoomMaxMs / 1_000).toFixed(0)} s`
        : ''
    fact(
      `  with ${how}`,
      `hold p99 ${(outcome.holdP99Ms / 1_000).toFixed(1)} s${room}${wall ? `, then ${wall}` : ''}`,
    )
  }
}

function planRow(
  context: BenchContext,
  buyers: number,
  admittedPerSecond: number,
  times: ServiceTimes,
): { cells: string[]; wall: Plan['wall']; sale: OnSale } {
  step(`${buyers.toLocaleString('en')} buyers`)
  const sale: OnSale = { buyers, tickets: buyers / 2, admittedPerSecond, lanes: 1 }
  const plan = planOnSale(sale, times)
  context.record('plan', { sale, ...plan })
  const { fleet, outcome, wall } = plan
  const tasks = (part: keyof typeof TASK_VCPUS) =>
    String(Math.max(2, Math.ceil(fleet[part] / TASK_VCPUS[part] / UTILISATION)))
  const cells = [
    buyers.toLocaleString('en'),
    admittedPerSecond > 0 ? admittedPerSecond.toLocaleString('en') : 'all',
    tasks('tickets'),
    tasks('payments'),
    tasks('notifications'),
    tasks('analytics'),
    String(Math.ceil(fleet.postgres / VCPU_PER_ACU / UTILISATION)),
    '2 (1 shard and its replica)',
    `${(outcome.holdP99Ms / 1_000).toFixed(1)} s`,
    `${outcome.settledSeconds.toFixed(0)} s`,
    `${(outcome.waitingRoomMaxMs / 1_000).toFixed(0)} s`,
  ]
  return { cells, wall, sale }
}
