import type { paymentsRoutes, Refund, RefundId } from '@boxoffice/contracts'
import { type Handlers, refuseUnknown } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { findOrder } from '../orders/order-repository.ts'
import { listRefunds, type StoredRefund } from './refund-repository.ts'
import { requestRefund } from './request-refund.ts'

const toContract = ({ refusedTicketIds: _, ...refund }: StoredRefund): Refund => refund

export function refundHandlers(
  deps: Dependencies,
): Handlers<Pick<typeof paymentsRoutes, 'refundOrder' | 'listRefunds'>> {
  const sql = deps.db
  return {
    async refundOrder({ params, body, principal, resourceId }) {
      const order = await findOrder(sql, params.orderId)
      if (!order || !(await deps.access.maySee(order, principal)))
        return refuseUnknown('ORDER', params.orderId)
      const refund = await requestRefund(deps, { order, refundId: resourceId as RefundId, body, principal })
      return { status: 202, body: toContract(refund) }
    },
    async listRefunds({ params, principal }) {
      const order = await findOrder(sql, params.orderId)
      if (!order || !(await deps.access.maySee(order, principal)))
        return refuseUnknown('ORDER', params.orderId)
      return { status: 200, body: { refunds: (await listRefunds(sql, order.orderId)).map(toContract) } }
    },
  }
}
