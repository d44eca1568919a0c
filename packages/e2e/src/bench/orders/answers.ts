import type { OrderId } from '@boxoffice/contracts'
import { check, fact, heading, line, percent, step } from '../report.ts'
import { median } from '../statistics.ts'
import { GATEWAY_MS, GATEWAY_PER_SECOND, placeAll, untilComplete, untilPaid, type World } from './world.ts'

const QUIET_PER_SECOND = 4
const QUIET_SECONDS = 10
const QUIET_ROUNDS = 3
const BURST_PER_SECOND = 10 * GATEWAY_PER_SECOND
const BURST_SECONDS = 4
const FASTER_MIN = 0.9

/** Measures the response time without contention, alternating both kinds after a warm-up round of each. */
export async function quiet({ place, database }: World): Promise<boolean> {
  const round = async (async: boolean, seconds = QUIET_SECONDS) => {
    const placed = await placeAll(QUIET_PER_SECOND, seconds, (index) => place(index, { async }))
    await untilComplete(database, placed.orderIds)
    return placed
  }
  for (const async of [false, true]) await round(async, 2)
  const rounds: { waited: Awaited<ReturnType<typeof round>>; queued: Awaited<ReturnType<typeof round>> }[] =
    []
  for (let index = 1; index <= QUIET_ROUNDS; index++) {
    step(
      `${QUIET_PER_SECOND} orders a second for ${QUIET_SECONDS} s, synchronous, then through the queue: ` +
        `${index} of ${QUIET_ROUNDS}`,
    )
    rounds.push({ waited: await round(false), queued: await round(true) })
  }

  heading(
    `Response time when the gateway takes ${GATEWAY_MS} ms: ${QUIET_PER_SECOND} orders a second, ` +
      `${QUIET_ROUNDS} alternating rounds`,
  )
  for (const { waited, queued } of rounds) {
    line('synchronous (baseline)', waited.figures)
    line('through the queue', queued.figures)
  }
  const less = (figure: 'p50Ms' | 'p99Ms') =>
    median(rounds.map(({ waited, queued }) => 1 - queued.figures[figure] / waited.figures[figure]))
  const kept = less('p50Ms') >= FASTER_MIN
  check(
    'p50 below the baseline, median of the rounds',
    percent(less('p50Ms')),
    kept,
    `at least ${percent(FASTER_MIN)}`,
  )
  fact('p99 below the baseline, median of the rounds', percent(less('p99Ms')))
  const idsOf = (how: 'waited' | 'queued'): OrderId[] => rounds.flatMap((each) => each[how].orderIds)
  fact('until the order is paid, synchronous', await untilPaid(database, idsOf('waited')))
  fact('until the order is paid, through the queue', await untilPaid(database, idsOf('queued')))
  return kept && rounds.every(({ waited, queued }) => waited.figures.failed + queued.figures.failed === 0)
}

/**
 * Sends a burst of ten times the gateway's capacity: measures the response times, and whether every accepted
 * order is completed.
 */
export async function burst({ place, database }: World): Promise<boolean> {
  const rate = `${BURST_PER_SECOND} orders a second for ${BURST_SECONDS} s`
  const crowd = (async: boolean) =>
    placeAll(BURST_PER_SECOND, BURST_SECONDS, (index) =>
      place(index, { async, paymentToken: 'pm_card_visa' }),
    )
  step(`${rate}, through the queue`)
  const startedMs = performance.now()
  const queued = await crowd(true)
  step('waiting until all of them are complete')
  const states = await untilComplete(database, queued.orderIds)
  const seconds = (performance.now() - startedMs) / 1_000
  step(`${rate}, synchronous`)
  const waited = await crowd(false)
  await untilComplete(database, waited.orderIds)

  heading(`A burst of ten times the gateway's capacity (${GATEWAY_PER_SECOND}/s): ${rate}`)
  line('synchronous (baseline)', waited.figures)
  line('through the queue', queued.figures)
  const confirmed = states.get('CONFIRMED') ?? 0
  const all = queued.orderIds.length
  check('orders accepted and confirmed', `${confirmed} of ${all}`, confirmed === all, 'all')
  fact(
    'responses a second',
    `${queued.figures.perSecond.toFixed(1)}, synchronous ${waited.figures.perSecond.toFixed(1)}`,
  )
  fact(
    'orders completed a second, from the first to the last',
    `${(all / seconds).toFixed(1)}, of ${GATEWAY_PER_SECOND} that the gateway can process`,
  )
  return confirmed === all && queued.figures.failed === 0
}
