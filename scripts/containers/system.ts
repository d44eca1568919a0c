import process from 'node:process'
import { claimPorts } from '../../packages/stack/src/ports.ts'
import { type Composition, createComposition } from './composition.ts'
import type { Engine, Undo } from './engine.ts'
import { type Buyer, createBuyer, type Login } from './purchases.ts'
import type { Report } from './report.ts'

export interface Run {
  readonly engine: Engine
  readonly report: Report
  /** Our own SNS, SQS and mailbox in LocalStack's place. */
  readonly standin: boolean
  /** For Compose: what images are built from. */
  readonly env: Readonly<Record<string, string>>
  readonly files: readonly string[]
  readonly undo: Undo
}

/** Killed while orders are in progress, one after the other: each comes back by itself. */
const victims = ['payments', 'tickets', 'notifications', 'aws', 'valkey', 'postgres']
const ORDERS_PER_KILL = 3

/** Runs the whole system from its compose files: images, start, purchase, kills and recovery, stop. */
export async function runSystem({ engine, report, standin, env, undo }: Run): Promise<void> {
  const ports = await claimPorts()
  const project = `boxoffice-check-${process.pid}`
  const system = createComposition(engine, { project, ports, standin, env })
  undo.push(system.down)
  const edgeUrl = `http://127.0.0.1:${ports.edge}`
  const mailsUrl = standin
    ? `http://127.0.0.1:${ports.mailbox}/store`
    : `http://127.0.0.1:${ports.aws}/_aws/ses`
  try {
    await report.step('images', async ({ saw }) => {
      await system.build()
      saw(...linesOfSizes(await system.imageSizes()))
    })
    await report.step('start', async ({ saw }) => {
      await system.up()
      await system.untilHealthy()
      const containers = await system.list()
      const healthy = containers.filter(({ health }) => health === 'healthy').length
      saw(`${healthy} containers healthy, ${containers.length - healthy} one-shots completed`)
    })
    const login = await readLogin(system)
    const buyer = await createBuyer({ edgeUrl, mailsUrl }, login)
    await report.step('purchase', async ({ saw }) => {
      const { order, subject } = await buyer.confirmed(await buyer.order())
      saw(`${order.orderNumber} confirmed, mail “${subject}” with its PDF`)
    })
    await report.step('command line', async ({ saw }) => {
      const status = await system.run('boxoffice', ['status'])
      saw(`docker compose run boxoffice status: ${status.split('\n').length} lines`)
    })
    await report.step('memory', async ({ saw }) => {
      const used = await system.memory()
      saw(
        ...used.map(
          ({ service, used, pids }) =>
            `${service.padEnd(15)}${used.padStart(10)}${`${pids}`.padStart(5)} threads`,
        ),
      )
    })
    for (const victim of victims)
      await report.step(`kill ${victim}`, async ({ saw }) => saw(await killAndRecover(system, buyer, victim)))
    await report.step('stop', async ({ saw }) => {
      await system.stop()
      const unclean = (await system.list()).filter(({ exitCode }) => exitCode !== 0)
      if (unclean.length > 0)
        throw new Error(
          `ended badly: ${unclean.map(({ service, exitCode }) => `${service} with ${exitCode}`)}`,
        )
      saw('every container ended with 0')
    })
  } catch (error) {
    console.error(await system.logs())
    throw error
  }
}

/**
 * Orders tickets, kills a container at once, and waits until it is healthy and every order has its tickets
 * mailed.
 */
async function killAndRecover(system: Composition, buyer: Buyer, victim: string): Promise<string> {
  const placing = Array.from({ length: ORDERS_PER_KILL }, () => buyer.order())
  await system.kill(victim)
  const killedAt = performance.now()
  const healthy = system.untilHealthy().then(() => (performance.now() - killedAt) / 1_000)
  const orders = await Promise.all(placing)
  const confirmed = await Promise.all(orders.map(buyer.confirmed))
  const seconds = await healthy
  const tickets = confirmed.flatMap(({ order }) => order.tickets ?? [])
  if (new Set(tickets.map(({ ticketId }) => ticketId)).size !== ORDERS_PER_KILL)
    throw new Error(`${ORDERS_PER_KILL} orders have ${tickets.length} tickets`)
  return (
    `healthy again after ${seconds.toFixed(1)} s; ${ORDERS_PER_KILL} orders in progress, ` +
    'all confirmed and mailed'
  )
}

/** The demo buyer that `seed` has made. */
async function readLogin(system: Composition): Promise<Login> {
  const text = await system.run('seed', ['/data/demo.json'], 'cat')
  return JSON.parse(text).buyer
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1_000_000)} MB`.padStart(8)
const linesOfSizes = (sizes: ReadonlyMap<string, number>) =>
  [...sizes].map(([name, bytes]) => `${name.padEnd(30)}${megabytes(bytes)}`)
