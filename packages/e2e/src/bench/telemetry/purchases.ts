import { serviceKeys } from '@boxoffice/contracts'
import { type BenchContext, interleave } from '../bench.ts'
import { createAccounts, signIn } from '../crowd.ts'
import { cpuBetween, readCpuTimes } from '../measure/processes.ts'
import { buyOne, createLedgerOfSale, openGateway } from '../purchases/sale.ts'
import { fact, figuresOf, heading, times } from '../report.ts'
import { median, sum } from '../statistics.ts'
import { publishField } from '../venue.ts'
import { type SystemEnv, withWorld } from '../world.ts'

const CROWD = 32

/**
 * Measures the CPU milliseconds of a purchase with its mail, over all processes except the load, with
 * `telemetry` in every service's environment.
 */
async function cpuOfPurchase(
  context: BenchContext,
  telemetry: Readonly<Record<string, string>>,
  purchases: number,
): Promise<number> {
  let cpuMs = Number.NaN
  const limits: NonNullable<SystemEnv> = openGateway
  const env: SystemEnv = Object.fromEntries(serviceKeys.map((key) => [key, { ...telemetry, ...limits[key] }]))
  await withWorld(context, env, async ({ bench, generator }) => {
    const organizer = await bench.person('Olga', { organizer: true })
    const buyers = signIn(bench, 2 * purchases)
    await createAccounts(bench, buyers)
    const ledger = createLedgerOfSale(bench)
    const sell = async (firstIndex: number) => {
      const field = await publishField(organizer)
      const template = buyOne(bench.system.urls.edge, field, buyers)
      const load = await generator.run(template, {
        kind: 'closed',
        connections: CROWD,
        requests: purchases,
        firstIndex,
      })
      const { tickets, mails } = await ledger.untilComplete(field.eventId, Date.now())
      const lost = purchases - Math.min(figuresOf(load, 201).count, tickets, mails)
      if (lost > 0) throw new Error(`${lost} of ${purchases} purchases have no response, ticket or mail`)
    }
    try {
      await sell(0) // warm-up
      const { pids } = await bench.observable()
      const before = await readCpuTimes(pids)
      await sell(purchases)
      cpuMs = sum(Object.values(cpuBetween(before, await readCpuTimes(pids)))) / purchases
    } finally {
      await ledger.stop()
    }
  })
  return cpuMs
}

/** Measures the cost of telemetry per purchase; metrics cannot be turned off. */
export async function measurePurchases(context: BenchContext, collectorUrl: string): Promise<void> {
  const [purchases, rounds] = [context.sized(600, 150), context.sized(3, 1)]
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl }
  const measure = (telemetry: Readonly<Record<string, string>>) => () =>
    cpuOfPurchase(context, telemetry, purchases)
  const byDefault = 'as configured by default'
  const results = await interleave(rounds, {
    [byDefault]: measure(traced),
    'without logs of requests': measure({ ...traced, LOG_LEVEL: 'warn' }),
    'every trace recorded': measure({ ...traced, OTEL_TRACES_SAMPLER_ARG: '1' }),
    'without tracing': measure({}),
    'without logs and tracing': measure({ LOG_LEVEL: 'warn' }),
  })
  heading(
    `A purchase with its mail: ${CROWD} at once, ${rounds} rounds of ${purchases} purchases, ` +
      'each with a separate system',
  )
  const base = median(results[byDefault] ?? [])
  for (const [name, all] of Object.entries(results)) {
    context.record(name, all)
    fact(name, `${median(all).toFixed(1)} ms of CPU, ${times(median(all), base)}`)
  }
}
