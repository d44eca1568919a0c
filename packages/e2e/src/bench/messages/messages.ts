import path from 'node:path'
import { installForComparison } from '../baseline/npm-cache.ts'
import { runProgram } from '../baseline/run-program.ts'
import { type Bench, type BenchContext, interleave } from '../bench.ts'
import type { BenchSystem } from '../bench-system.ts'
import { openGateway } from '../purchases/sale.ts'
import { fact, heading, step, table, times } from '../report.ts'
import { median, type Spread } from '../statistics.ts'
import { withWorld } from '../world.ts'
import { type Consumed, consume, prepareQueues, type Queues } from './consuming.ts'
import { measureMails } from './paid-to-mail.ts'

/** The newest versions whose dependencies the registry has. */
const TOOLKIT = {
  '@message-queue-toolkit/sqs': '24.2.1',
  '@message-queue-toolkit/core': '25.4.0',
  '@aws-sdk/client-sqs': '3.1169.0',
  zod: '4.6.7',
}
const LOOPS = 10
const PER_SECOND = 100
const P99_MS_MAX = 100

/**
 * Measures how fast messages are consumed exactly once in effect, their latency, and the time until a buyer
 * has the mail.
 */
export const messages: Bench = {
  title:
    'consumed messages a second with inbox and effect, next to a bare loop and ' +
    '@message-queue-toolkit/sqs; commit → SQS, paid → mail',
  run: (context) =>
    withWorld(context, openGateway, async (world) => {
      const queues = await prepareQueues(world.bench)
      try {
        await measureConsuming(context, world.bench, queues)
        await measureLatency(context, queues)
      } finally {
        await queues.stop()
      }
      await measureMails(context, world)
      await context.invariants(world.bench.observed)
    }),
}

async function measureConsuming(context: BenchContext, bench: BenchSystem, queues: Queues): Promise<void> {
  const [count, rounds] = [context.sized(10_000, 2_000), context.sized(5, 2)]
  const toolkitFolder = await installForComparison('toolkit', TOOLKIT)
  const input = { count, loops: LOOPS, toolkitFolder }
  const results = await interleave(rounds, {
    'bare: receive ten, delete ten': () => consume(bench, queues, { how: 'bare', ...input }),
    'inbox and effect, as the services do': () => consume(bench, queues, { how: 'ours', ...input }),
    '@message-queue-toolkit/sqs, the same effect': () => consume(bench, queues, { how: 'toolkit', ...input }),
  })
  heading(
    `Consumed messages: ${rounds} rounds of ${count}; the bare loop and the toolkit with ` +
      `${LOOPS} concurrent polls`,
  )
  const rateOf = (all: readonly Consumed[]) => median(all.map(({ perSecond }) => perSecond))
  table([
    ['', 'a second', 'rounds'],
    ...Object.entries(results).map(([name, all]) => [
      name,
      rateOf(all).toFixed(0),
      all.map(({ perSecond }) => perSecond.toFixed(0)).join(', '),
    ]),
  ])
  for (const [name, all] of Object.entries(results)) {
    context.record(
      name,
      all.map(({ perSecond }) => perSecond),
    )
    const last = all.at(-1)
    fact(name, 'the last round')
    if (last) context.limits(name, last.limits, { what: 'message', count })
  }
  const [bare, ours, toolkit] = Object.values(results).map(rateOf) as [number, number, number]
  context.goal('inbox and effect, relative to bare', times(ours, bare), ours >= bare / 2, '≥ 0.50×')
  context.goal('inbox and effect, relative to the toolkit', times(ours, toolkit), ours > toolkit, '> 1.00×')
  const { effects, inbox } = await queues.effects()
  const due = 2 * rounds * count
  context.check(
    'effects and inbox rows of both',
    `${effects} and ${inbox} of ${due}`,
    effects === due && inbox === due,
    'each message once',
  )
}

async function measureLatency(context: BenchContext, queues: Queues): Promise<void> {
  const seconds = context.sized(20, 6)
  step(`${PER_SECOND} messages a second through the outbox for ${seconds} s`)
  const program = runProgram<{ published: number; arrived: number; spread: Spread }>(
    path.join(import.meta.dirname, 'latency-process.ts'),
    {
      environment: queues.environment,
      perSecond: PER_SECOND,
      seconds,
    },
  )
  const { published, arrived, spread } = await program.result.finally(program.stop)
  heading(`Commit → received from SQS, ${PER_SECOND} a second for ${seconds} s`)
  context.record('commit to SQS', spread)
  const value = `p50 ${spread.p50Ms.toFixed(1)} ms, p99 ${spread.p99Ms.toFixed(1)} ms`
  context.goal('from commit to receipt', value, spread.p99Ms < P99_MS_MAX, `p99 < ${P99_MS_MAX} ms`)
  context.check(
    'committed messages that did not arrive',
    String(published - arrived),
    published === arrived,
    'none',
  )
}
