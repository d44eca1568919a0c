import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { EventId, TicketTypeId } from '@boxoffice/contracts'
import { createAws, messagingConfig, messagingEnvironment, provision } from '@boxoffice/messaging'
import { ensureDatabase, readEnvironment } from '@boxoffice/service-kit'
import pg from 'pg'
import { z } from 'zod'
import { installForComparison } from '../baseline/npm-cache.ts'
import { runProgram } from '../baseline/run-program.ts'
import { type Bench, type BenchContext, interleave } from '../bench.ts'
import { signIn } from '../crowd.ts'
import { type Limits, observe } from '../measure/limits.ts'
import { buyOne, openGateway } from '../purchases/sale.ts'
import { fact, figuresOf, heading, step, table, times } from '../report.ts'
import { median } from '../statistics.ts'
import { measureLoad, type SystemEnv, type World, withWorld } from '../world.ts'

const DBOS = { '@dbos-inc/dbos-sdk': '5.3.0' }
const CROWD = 32
const PREFIX = 'bench-saga-'
const FOUR_STEPS = 4

interface Peer {
  ticketsUrl: string
  gatewayUrl: string
}
interface Steps {
  stepsPerSecond: number
  workflowsPerSecond: number
  limits: Limits
}

/**
 * Measures steps of the purchase saga, each with its journal entry, against a ticket service and a gateway
 * that respond at once; next to DBOS.
 */
export const sagas: Bench = {
  title:
    'saga steps a second of the payment service, ' +
    'next to DBOS with the same four steps on the same PostgreSQL',
  async run(context) {
    const peerProgram = runProgram<Peer>(path.join(import.meta.dirname, 'peer-process.ts'), {})
    try {
      const peer = await peerProgram.result
      const env: SystemEnv = {
        ...openGateway,
        // The ticket service never receives these orders' messages and issues no tickets. The saga therefore
        // requests tickets early, as one of its steps.
        payments: {
          ...openGateway.payments,
          TICKETS_URL: peer.ticketsUrl,
          STRIPE_API_URL: peer.gatewayUrl,
          MESSAGING_PREFIX: PREFIX,
          TICKETS_PATIENCE_SECONDS: '1',
        },
      }
      await withWorld(context, env, (world) =>
        measureSagas(context, world, { ...peer, pid: peerProgram.pid }),
      )
    } finally {
      await peerProgram.stop()
    }
  },
}

async function measureSagas(
  context: BenchContext,
  world: World,
  peer: Peer & { pid: number },
): Promise<void> {
  const { system } = world.bench
  const [seconds, rounds] = [context.sized(12, 6), context.sized(5, 2)]
  const environment = system.env.payments
  const aws = createAws(messagingConfig(readEnvironment(z.object(messagingEnvironment), environment)))
  await provision(aws).finally(() => aws.close())
  const folder = await installForComparison('dbos', DBOS)
  const databaseUrl = new URL(system.databaseUrl('tickets'))
  databaseUrl.pathname = '/bench_dbos'
  await ensureDatabase(databaseUrl.href)
  const buyers = signIn(world.bench, 2_000)
  const pool = new pg.Pool({ connectionString: system.databaseUrl('payments'), max: 2 })
  pool.on('error', () => {})
  const template = buyOne(
    system.urls.payments,
    { eventId: randomUUID() as EventId, ticketTypeId: randomUUID() as TicketTypeId },
    buyers,
  )
  await world.generator.run(template, { kind: 'closed', connections: 4, requests: 10 })

  const measureDbos = async (): Promise<Steps> => {
    const program = runProgram<{ seconds: number; workflows: number; steps: number }>(
      path.join(import.meta.dirname, 'dbos-process.ts'),
      {
        ...{ folder, databaseUrl: databaseUrl.href, peerUrl: peer.gatewayUrl, crowd: CROWD, seconds },
      },
    )
    try {
      await program.ready
      const what = await world.bench.observable()
      const pids = { ...what.pids, DBOS: program.pid, peer: peer.pid }
      const { result, limits } = await observe({ ...what, pids }, () => program.result)
      return {
        stepsPerSecond: result.steps / result.seconds,
        workflowsPerSecond: result.workflows / result.seconds,
        limits,
      }
    } finally {
      await program.stop()
    }
  }
  const measureOurs = async (): Promise<Steps> => {
    const before = await stepsSoFar(pool)
    const { load, limits } = await measureLoad(
      world,
      template,
      { kind: 'closed', connections: CROWD, seconds },
      { peer: peer.pid },
    )
    const steps = (await stepsSoFar(pool)) - before
    const figures = figuresOf(load, 201)
    if (figures.failed > 0) fact('other answers', `${figures.failed} of ${load.requests}`)
    await untilConfirmed(pool)
    return { stepsPerSecond: steps / load.seconds, workflowsPerSecond: figures.perSecond, limits }
  }
  try {
    report(
      context,
      await interleave(rounds, { DBOS: measureDbos, 'payment service': measureOurs }),
      `${CROWD} at once, ${rounds} rounds of ${seconds} s`,
    )
    const { rows } = await pool.query<{ n: number }>(
      `select count(*)::int as n from sagas where state <> 'CONFIRMED'`,
    )
    context.check('sagas that did not end as confirmed', String(rows[0]?.n), rows[0]?.n === 0, 'none')
  } finally {
    await pool.end()
  }
}

/** A step is complete once its result is in the journal. */
async function stepsSoFar(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::int as n from saga_events where moment = 'RESULT'`,
  )
  return rows[0]?.n ?? 0
}

async function untilConfirmed(pool: pg.Pool): Promise<void> {
  step('waiting until all sagas have ended')
  const limitMs = performance.now() + 90_000
  while (performance.now() < limitMs) {
    const { rows } = await pool.query<{ n: number }>(
      `select count(*)::int as n from sagas where state <> 'CONFIRMED'`,
    )
    if (rows[0]?.n === 0) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

function report(
  context: BenchContext,
  results: Record<'DBOS' | 'payment service', Steps[]>,
  how: string,
): void {
  heading(
    `Saga steps: ${how}; DBOS ${DBOS['@dbos-inc/dbos-sdk']} with ${FOUR_STEPS} steps a workflow, ` +
      'ours with HTTP, orders, ledger and messages',
  )
  const of = (all: readonly Steps[], key: 'stepsPerSecond' | 'workflowsPerSecond') =>
    median(all.map((each) => each[key]))
  table([
    ['', 'steps a second', 'orders a second', 'rounds (steps)'],
    ...Object.entries(results).map(([name, all]) => [
      name,
      of(all, 'stepsPerSecond').toFixed(0),
      of(all, 'workflowsPerSecond').toFixed(1),
      all.map(({ stepsPerSecond }) => stepsPerSecond.toFixed(0)).join(', '),
    ]),
  ])
  for (const [name, all] of Object.entries(results)) {
    context.record(name, all)
    const last = all.at(-1)
    fact(name, 'the last round')
    if (last)
      context.limits(name, last.limits, {
        what: 'order',
        count: last.workflowsPerSecond * last.limits.seconds,
      })
  }
  const [theirs, ours] = [
    of(results.DBOS, 'stepsPerSecond'),
    of(results['payment service'], 'stepsPerSecond'),
  ]
  context.goal('steps a second, relative to DBOS', times(ours, theirs), ours >= 3 * theirs, '≥ 3.00×')
}
