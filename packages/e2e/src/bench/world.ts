import { type BareServer, startBare } from './baseline/bare.ts'
import type { BenchContext } from './bench.ts'
import { type BenchSystem, instancesOf, type startBenchSystem, withBenchSystem } from './bench-system.ts'
import type { Generator } from './load/generator.ts'
import type { Load, LoadResult } from './load/run-load.ts'
import type { RequestTemplate } from './load/template.ts'
import { type Limits, observe } from './measure/limits.ts'
import { fact, figuresOf, line, otherAnswers } from './report.ts'

/** A system, a load generator and a bare server, each in its own process. */
export interface World {
  bench: BenchSystem
  generator: Generator
  bare: BareServer
}

export type SystemEnv = NonNullable<Parameters<typeof startBenchSystem>[0]>['env']

/** Limits per user, and per address since all load comes from one, that a bench lifts and reports. */
export const liftedLimits = {
  tickets: { LIVE_RESERVATIONS_MAX: '1000000', STREAMS_PER_ADDRESS_MAX: '1000000' },
} as const satisfies SystemEnv

/** Starts what a bench needs, and stops everything when it is done. */
export function withWorld(
  context: BenchContext,
  env: SystemEnv,
  work: (world: World) => Promise<void>,
): Promise<void> {
  return withBenchSystem({ env, instances: instancesOf(context.instances) }, async (bench) => {
    const generator = bench.generator()
    const bare = await startBare(bench)
    try {
      await work({ bench, generator, bare })
    } finally {
      await Promise.all([generator.stop(), bare.stop()])
    }
  })
}

export interface Measured {
  load: LoadResult
  limits: Limits
}

/**
 * Sends the template's requests and observes all processes of the system, the load generator and `others`
 * meanwhile.
 */
export async function measureLoad(
  { bench, generator, bare }: World,
  template: RequestTemplate,
  load: Load,
  others: Readonly<Record<string, number>> = {},
): Promise<Measured> {
  const what = await bench.observable()
  const pids = { ...what.pids, 'bare Fastify': bare.pid, 'load generator': generator.pid, ...others }
  const { result, limits } = await observe({ ...what, pids }, () => generator.run(template, load))
  return { load: result, limits }
}

/** Prints a line for each round, unexpected responses, and what limited the last. */
export function showRounds(
  context: BenchContext,
  name: string,
  rounds: readonly Measured[],
  { status, what }: { status: number; what: string },
): void {
  for (const { load } of rounds) {
    context.record(name, load)
    line(name, { ...figuresOf(load, status), failed: 0 }) // unexpected responses are printed below
    const others = otherAnswers(load, status)
    if (others) fact('other answers', others)
  }
  const last = rounds.at(-1)
  if (last) context.limits(name, last.limits, { what, count: figuresOf(last.load, status).count })
}
