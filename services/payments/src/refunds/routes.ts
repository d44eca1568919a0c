import { ORDER_NOT_FOUND, type paymentsRoutes, type Refund, type RefundId } from '@boxoffice/contracts'
import { type Handlers, refuseUnknown } from '@boxoffice/service-kit'
import { findOrder } from '../orders/order-repository.ts'
import { listRefunds, type StoredRefund } from './refund-repository.ts'
import { type RefundDeps, requestRefund } from './request-refund.ts'

const toContract = ({ refusedTicketIds: _, ...refund }: StoredRefund): Refund => refund

type RefundRoutes = Pick<typeof paymentsRoutes, 'refundOrder' | 'listRefunds'>

export function refundHandlers(deps: RefundDeps): Handlers<RefundRoutes> {
  const sql = deps.db
  return {
    async refundOrder({ params, body, principal, resourceId }) {
      const order = await findOrder(sql, params.orderId)
      if (!order || !(await deps.access.maySee(order, principal)))
        return refuseUnknown(ORDER_NOT_FOUND, params.orderId)
      const refund = await requestRefund(deps, { order, refundId: resourceId as RefundId, body, principal })
      return { status: 202, body: toContract(refund) }
    },
    async listRefunds({ params, principal }) {
      const order = await findOrder(sql, params.orderId)
      if (!order || !(await deps.access.maySee(order, principal)))
        return refuseUnknown(ORDER_NOT_FOUND, params.orderId)
      return { status: 200, body: { refunds: (await listRefunds(sql, order.orderId)).map(toContract) } }
    },
  }
}
