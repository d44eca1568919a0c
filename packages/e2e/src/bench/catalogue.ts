import type { Bench } from './bench.ts'
import { capacity } from './capacity/capacity.ts'
import { contention } from './contention/contention.ts'
import { curve } from './curve/curve.ts'
import { edge } from './edge/edge.ts'
import { holds } from './holds/holds.ts'
import { http } from './http/http.ts'
import { map } from './map/map.ts'
import { messages } from './messages/messages.ts'
import { benchOrders } from './orders/orders.ts'
import { benchPages } from './pages/pages.ts'
import { purchases } from './purchases/purchases.ts'
import { benchReads } from './reads/reads.ts'
import { redis } from './redis/redis.ts'
import { sagas } from './sagas/sagas.ts'
import { shop } from './shop/shop.ts'
import { sizes } from './sizes/sizes.ts'
import { telemetry } from './telemetry/telemetry.ts'

/** A bench that returns whether all of its own checks passed. */
const selfChecked = (title: string, run: () => Promise<boolean>): Bench => ({
  title,
  run: async ({ check }) => {
    check('all checks', '', await run(), 'kept')
  },
})

/** All benches, in the order that `all` runs them. */
export const benches: Readonly<Record<string, Bench>> = {
  holds,
  edge,
  purchases,
  sizes,
  contention,
  curve,
  map,
  redis,
  messages,
  http,
  sagas,
  shop,
  capacity,
  reads: selfChecked(
    'reads of the read side with and without its cache, and a sale next to them',
    benchReads,
  ),
  orders: selfChecked(
    'orders through the queue next to synchronous orders; command order; killed workers',
    benchOrders,
  ),
  pages: selfChecked('the cost of a page of a ticket PDF', benchPages),
  telemetry,
}
