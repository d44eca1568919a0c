import type { Bench, BenchContext } from '../bench.ts'
import { fact, heading, step, table } from '../report.ts'
import { readServiceTimes } from './measured-times.ts'
import { BATCH_MAX, IN_FLIGHT_MAX, type OnSale, type Plan, planOnSale, type ServiceTimes } from './on-sale.ts'

/**
 * Speed of a Fargate vCPU relative to one core of this machine: an assumption, to be replaced by a run of
 * `pages` on Fargate.
 */
export const VCPU_FACTOR = 0.7
/** Average load of a task, leaving headroom for bursts. */
const UTILISATION = 0.7
/** Aurora Serverless: one ACU is about 2 GiB with a quarter of a vCPU. */
const VCPU_PER_ACU = 0.25
const TASK_VCPUS = { tickets: 1, payments: 1, notifications: 0.5, analytics: 0.5 } as const
const BUYERS = [10_000, 100_000, 1_000_000]
const ADMITTED_PER_SECOND = [0, 0, 5_000]

const BOTTLENECKS = {
  batches:
    "the commits of one event's counter: split its general tickets into several types or zones, " +
    'or admit people more slowly',
  redis:
    "the single thread of Redis that has an event's keys: admit people more slowly; " +
    'more shards do not help one event',
} as const

/** Simulates what an on-sale needs from the service times that `holds` and `purchases` measured. */
export const capacity: Bench = {
  title:
    'a simulation from measured service times: what on-sales of 10,000, 100,000 and 1,000,000 buyers need',
  async run(context) {
    const { times, sources } = readServiceTimes()
    const converted = convert(times)
    heading('Service times, in ms of a core of this machine')
    for (const source of sources) fact('from', source)
    printTimes(times)
    fact('one vCPU of Fargate, relative to one core here', `${VCPU_FACTOR} (an assumption)`)
    printTasks(context, converted)
    heading(
      'On-sales: everyone arrives within 17 s as at EMF, half get a ticket, ' +
        'and those pay within a few minutes',
    )
    const rows = BUYERS.map((buyers, index) =>
      planRow(context, buyers, ADMITTED_PER_SECOND[index] ?? 0, converted),
    )
    table([
      [
        'buyers',
        'admitted a second',
        'tickets',
        'payments',
        'notifications',
        'analytics',
        'ACUs',
        'cache nodes',
        'hold p99',
        'last mail after',
        'longest wait before admission',
      ],
      ...rows.map(({ cells }) => cells),
    ])
    for (const { bottleneck, sale, cells } of rows) {
      fact(`first bottleneck of ${cells[0]}`, bottleneck ? BOTTLENECKS[bottleneck] : 'none; more tasks help')
      if (bottleneck) printAlternatives(context, sale, converted)
    }
  },
}

/** Converts times to milliseconds of a Fargate vCPU. */
function convert(times: ServiceTimes): ServiceTimes {
  const scale = <T extends Record<string, number>>(values: T): T =>
    Object.fromEntries(Object.entries(values).map(([name, ms]) => [name, ms / VCPU_FACTOR])) as T
  return { ...times, hold: scale(times.hold), purchase: scale(times.purchase) }
}

function printTimes({ hold, purchase, commitMs, gatewayMs }: ServiceTimes): void {
  const format = (values: Record<string, number>) =>
    Object.entries(values)
      .map(([name, ms]) => `${name} ${ms.toFixed(2)}`)
      .join(', ')
  fact('a hold', format(hold))
  fact('a purchase with its mail', format(purchase))
  fact('assumed', `a commit ${commitMs} ms plus its rows, the gateway ${gatewayMs} ms`)
}

function printTasks(context: BenchContext, { hold, purchase }: ServiceTimes): void {
  const carries = (vcpus: number, ms: number) => ((vcpus * 1_000 * UTILISATION) / ms).toFixed(0)
  heading(`Capacity of one task a second, at ${UTILISATION * 100} % of its vCPU`)
  const rows = [
    ['tickets, 1 vCPU', `${carries(1, hold.tickets)} holds, or ${carries(1, purchase.tickets)} purchases`],
    ['payments, 1 vCPU', `${carries(1, purchase.payments)} purchases`],
    ['notifications, 0.5 vCPU', `${carries(0.5, purchase.notifications)} purchases with their mails`],
    ['analytics, 0.5 vCPU', `${carries(0.5, purchase.analytics)} purchases`],
    ['events, 1 vCPU', `${carries(1, purchase.events)} purchases`],
    ['auth, 0.5 vCPU', `${carries(0.5, purchase.auth)} purchases`],
    [
      'Aurora, 1 ACU',
      `${carries(VCPU_PER_ACU, hold.postgres)} holds, or ` +
        `${carries(VCPU_PER_ACU, purchase.postgres)} purchases`,
    ],
    ['Redis, 1 shard', `${carries(1, hold.redis)} holds`],
  ]
  table(rows)
  context.record('carries', rows)
}

const COUNTERS = 8

/** Simulates the same on-sale with a split counter, and with slower admission. */
function printAlternatives(context: BenchContext, sale: OnSale, times: ServiceTimes): void {
  const { postgres, redis } = times.hold
  const perBatches = (IN_FLIGHT_MAX * 1_000) / (postgres + times.commitMs / BATCH_MAX)
  const admissionRate = Math.floor(UTILISATION * Math.min(perBatches, 1_000 / redis))
  const others = {
    [`${COUNTERS} counters instead of one`]: { ...sale, counters: COUNTERS },
    [`${admissionRate.toLocaleString('en')} people admitted a second`]: {
      ...sale,
      admittedPerSecond: admissionRate,
    },
  }
  for (const [how, other] of Object.entries(others)) {
    const { outcome, bottleneck } = planOnSale(other, times)
    context.record('alternatives', { other, outcome, bottleneck })
    const room =
      outcome.waitingRoomMaxMs > 0
        ? `, the longest wait before admission ${(outcome.waitingRoomMaxMs / 1_000).toFixed(0)} s`
        : ''
    fact(
      `  with ${how}`,
      `hold p99 ${(outcome.holdP99Ms / 1_000).toFixed(1)} s` +
        `${room}${bottleneck ? `, then ${bottleneck}` : ''}`,
    )
  }
}

function planRow(
  context: BenchContext,
  buyers: number,
  admittedPerSecond: number,
  times: ServiceTimes,
): { cells: string[]; bottleneck: Plan['bottleneck']; sale: OnSale } {
  step(`${buyers.toLocaleString('en')} buyers`)
  const sale: OnSale = { buyers, tickets: buyers / 2, admittedPerSecond, counters: 1 }
  const plan = planOnSale(sale, times)
  context.record('plan', { sale, ...plan })
  const { fleet, outcome, bottleneck } = plan
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
    `${outcome.completedSeconds.toFixed(0)} s`,
    `${(outcome.waitingRoomMaxMs / 1_000).toFixed(0)} s`,
  ]
  return { cells, bottleneck, sale }
}
