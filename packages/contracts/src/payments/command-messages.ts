import * as z from 'zod'
import { defineMessage } from '../messages/define-message.ts'
import { OrderId, UserId } from '../values/ids.ts'
import { shownLine } from '../values/text.ts'

// A buyer's deferred commands, in the order of the requests. Each is accepted (202) in the commit that sends
// it.

const command = {
  topics: ['order-commands.fifo'],
  attributes: ['orderId', 'userId'],
  groupBy: 'orderId',
} as const
const Of = z.object({ orderId: OrderId, userId: UserId })

/** Starts the saga of a queued order. */
export const createOrderCommand = defineMessage('CREATE_ORDER', { ...command, payload: Of })
export const updateOrderCommand = defineMessage('UPDATE_ORDER', {
  ...command,
  payload: Of.extend({ holderName: shownLine(200) }),
})
export const deleteOrderCommand = defineMessage('DELETE_ORDER', { ...command, payload: Of })
