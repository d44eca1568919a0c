import { createGroups, currentTraceparent, type Database, sideBySide } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { insertSagas } from '../saga/new-sagas-repository.ts'
import type { StoredSaga } from '../saga/saga-repository.ts'
import { insertOrders } from './order-repository.ts'
import type { Draft } from './place-order.ts'

const GROUP_MAX = 100
/** Longest queue of orders to place; beyond it a buyer is refused with 503. */
const WAITING_MAX = 1_000

/**
 * Places orders, each with its saga under our lease; null if the buyer's key is bound already. Orders that
 * arrive during a commit share the next one; of one key there is one at a time.
 */
export function createOrderPlacer(
  db: Database,
  { leaseMs }: Pick<Config, 'leaseMs'>,
): (draft: Draft) => Promise<StoredSaga | null> {
  const place = createGroups<Draft & { traceparent: string | null }, StoredSaga | null>({
    keyOf: ({ order }) => `${order.userId} ${order.idempotencyKey}`,
    perKeyMax: 1,
    mixesKeys: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: 1,
    waitingMax: WAITING_MAX,
    run: (drafts) =>
      db.transact(async (tx) => {
        const orders = drafts.map(({ order }) => order)
        const sagas = drafts.map(({ order: { orderId }, context, traceparent }) => ({
          ...{ orderId, state: 'RESERVING' as const, context, traceparent },
        }))
        // An order that was not inserted gets no saga.
        const [, begun] = await sideBySide([insertOrders(tx, orders), insertSagas(tx, sagas, { leaseMs })])
        return orders.map(({ orderId }) => begun.get(orderId) ?? null)
      }),
  })
  return (draft) => place({ ...draft, traceparent: currentTraceparent() })
}
export type PlaceOrder = ReturnType<typeof createOrderPlacer>
