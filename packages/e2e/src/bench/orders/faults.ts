import type { OrderId } from '@boxoffice/contracts'
import { expectStatus } from '../../person.ts'
import { check, fact, heading, step } from '../report.ts'
import { PROCESSES, placeAll, SLOW, untilComplete, type World } from './world.ts'

const GROUPS = 40
const KILLS = 6
const ORDERS_PER_SECOND = 8
const prefer = { prefer: 'respond-async' }

/** Places an order, renames its holder twice, and cancels every third, without waiting in between. */
export async function commandsInOrder({ place, buyerOf, database }: World): Promise<boolean> {
  step(`${GROUPS} orders, each followed by commands immediately`)
  const orderIds = await Promise.all(
    Array.from({ length: GROUPS }, async (_, index) => {
      const orderId = await place(index, { async: true })
      const { payments } = buyerOf(index)
      const params = { orderId }
      for (const holderName of ['The First', 'The Second']) {
        const answer = await payments.updateOrder({ params, body: { holderName }, headers: prefer })
        if (answer.status !== 409) expectStatus(answer, 202) // 409: the order is already complete
      }
      const cancelled = index % 3 === 0 ? await payments.cancelOrder({ params, headers: prefer }) : null
      if (cancelled && cancelled.status !== 409) expectStatus(cancelled, 202)
      return orderId
    }),
  )
  await untilComplete(database, orderIds)
  const { rows } = await database.query<{ commands: string[] }>(
    `select array_agg(coalesce(input->>'holderName', 'cancelled') order by seq) as commands from saga_events
     where order_id = any($1) and input->>'type' in ('HOLDER_NAMED', 'CANCEL_ANNOUNCED', 'CANCEL_REQUESTED')
     group by order_id`,
    [orderIds],
  )
  const asked = ['The First', 'The Second', 'cancelled']
  const addressesOf = (commands: readonly string[]) => commands.map((command) => asked.indexOf(command))
  const turned = rows.filter(({ commands }) =>
    addressesOf(commands).some((place, index, all) => place < (all[index - 1] ?? 0)),
  )
  const compared = rows.filter(({ commands }) => new Set(commands).size > 1).length
  heading(`${GROUPS} orders, each with two renames and every third cancelled, all through the queue`)
  check('orders whose commands ran out of order', String(turned.length), turned.length === 0, 'none')
  check('orders with more than one command in time', String(compared), compared > 0, 'some')
  return turned.length === 0 && compared > 0
}

/** Kills payment processes alternately while orders arrive; clients retry with the same key. */
export async function killedWorkers({ bench, sale, buyerOf, database }: World): Promise<boolean> {
  step(`killing a payment process ${KILLS} times while orders arrive`)
  const killing = (async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      const process = bench.system.service('payments', kill % PROCESSES)
      await process.waitReady()
      process.kill('SIGKILL')
    }
  })()
  const placed = await placeAll(ORDERS_PER_SECOND, KILLS * 2, (index) =>
    buyerOf(index).buyInsistently({ ...sale, quantity: 1 }, SLOW, { async: true }),
  )
  await killing
  const states = await untilComplete(database, placed.orderIds)
  const taken = await takenOver(database, placed.orderIds)
  const { totals } = await bench.observed.ledger()
  const charged = new Map(
    totals.map(({ orderId, successfulCharges }) => [orderId as string, successfulCharges]),
  )
  const confirmed = states.get('CONFIRMED') ?? 0
  const lost = placed.orderIds.length - confirmed
  const doubled = placed.orderIds.filter((orderId) => (charged.get(orderId) ?? 0) > 1).length
  heading(
    `${KILLS} kills of ${PROCESSES} payment processes alternately, ` +
      `while ${ORDERS_PER_SECOND} orders arrive a second`,
  )
  check('accepted orders that are lost', String(lost), lost === 0, 'none')
  check('orders that were charged twice', String(doubled), doubled === 0, 'none')
  check(
    'orders whose worker died and that another worker took over',
    String(taken),
    taken > 0,
    'at least 1, or no kill hit an order',
  )
  fact('accepted and confirmed', `${confirmed} of ${placed.orderIds.length}`)
  return lost + doubled + placed.figures.failed === 0 && taken > 0
}

/** Returns the number of orders for which one worker continued a step that another had begun. */
async function takenOver(database: World['database'], orderIds: readonly OrderId[]): Promise<number> {
  const { rows } = await database.query<{ orders: number }>(
    `select count(*)::int as orders from (
       select order_id from saga_events where order_id = any($1) and state <> 'QUEUED'
         and step in ('RESERVE', 'CHARGE')
       group by order_id having count(distinct fence) > 1) taken`,
    [orderIds],
  )
  return rows[0]?.orders ?? 0
}
