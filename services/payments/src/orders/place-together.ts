import { createGroups, currentTraceparent, type Database, sideBySide } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { insertSagas, type StoredSaga } from '../saga/saga-repository.ts'
import { insertOrders } from './order-repository.ts'
import type { Draft } from './place-order.ts'

const GROUP_MAX = 100
/** Orders that wait to be placed; beyond it a buyer is refused with 503. */
const WAITING_MAX = 1_000

/**
 * Places orders, each with its saga under our lease; null where the buyer's key is bound already. Those that
 * come while the last commit is under way share the next one; of one buyer's key there is one at a time.
 */
export function createOrderPlacer(
  db: Database,
  { leaseMs }: Pick<Config, 'leaseMs'>,
): (draft: Draft) => Promise<StoredSaga | null> {
  const place = createGroups<Draft & { traceparent: string | null }, StoredSaga | null>({
    laneOf: ({ order }) => `${order.userId} ${order.idempotencyKey}`,
    ofLaneMax: 1,
    mixesLanes: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: 1,
    waitingMax: WAITING_MAX,
    run: (drafts) =>
      db.transact(async (tx) => {
        const orders = drafts.map(({ order }) => order)
        const sagas = drafts.map(({ order: { orderId }, context, traceparent }) => ({
          ...{ orderId, state: 'RESERVING' as const, context, traceparent },
        }))
        // Of an order that was not inserted there is no saga.
        const [, begun] = await sideBySide([insertOrders(tx, orders), insertSagas(tx, sagas, { leaseMs })])
        return orders.map(({ orderId }) => begun.get(orderId) ?? null)
      }),
  })
  return (draft) => place({ ...draft, traceparent: currentTraceparent() })
}
export type PlaceOrder = ReturnType<typeof createOrderPlacer>
