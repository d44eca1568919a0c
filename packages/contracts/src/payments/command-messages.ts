import * as z from 'zod'
import { defineMessage } from '../messages/define-message.ts'
import { OrderId, UserId } from '../values/ids.ts'
import { shownLine } from '../values/text.ts'

// What a buyer asked to be done later, in the order in which it was asked for. Each is accepted (202) in the
// commit that sends it.

const command = {
  topics: ['order-commands.fifo'],
  attributes: ['orderId', 'userId'],
  groupBy: 'orderId',
} as const
const Of = z.object({ orderId: OrderId, userId: UserId })

/** Begin the saga of an order that waits. */
export const createOrderCommand = defineMessage('CREATE_ORDER', { ...command, payload: Of })
export const updateOrderCommand = defineMessage('UPDATE_ORDER', {
  ...command,
  payload: Of.extend({ holderName: shownLine(200) }),
})
export const deleteOrderCommand = defineMessage('DELETE_ORDER', { ...command, payload: Of })
