import {
  NOTHING_TO_RESEND,
  type NotificationId,
  type notificationsRoutes,
  ORDER_NOT_FOUND,
  type OrderInfo,
  RATE_LIMITED,
} from '@boxoffice/contracts'
import {
  currentCorrelationId,
  type Handlers,
  RefusedError,
  refuse,
  refuseUnknown,
} from '@boxoffice/service-kit'
import type { Database, Tx } from '../database.ts'
import type { Peers } from '../peers/peers.ts'
import { insertNotifications } from './notification-repository.ts'
import { payloadOf } from './payloads.ts'
import {
  findConfirmation,
  listResends,
  lockConfirmation,
  repeated,
  type StoredNotification,
} from './resend-repository.ts'

export interface ResendDeps {
  db: Database
  now: () => Date
  peers: Pick<Peers, 'find'>
  sender: { nudge(): void }
}

const HOUR_MS = 3_600_000
const RESENDS_AN_HOUR = 5

/** Mails tickets to their buyer again. */
export const resendHandlers = (
  deps: ResendDeps,
): Handlers<Pick<typeof notificationsRoutes, 'resendOrder'>> => ({
  async resendOrder({ params: { orderId }, principal: { userId }, resourceId }) {
    const order = await deps.peers.find.order(orderId)
    if (order?.userId !== userId) return refuseUnknown(ORDER_NOT_FOUND, orderId)
    const found = await resendableOf(deps, order)
    if ('why' in found) return refuse(NOTHING_TO_RESEND, { message: found.why })

    const notificationId = resourceId as NotificationId
    await deps.db.transact((tx) => insertResend(tx, deps, notificationId, found.original))
    deps.sender.nudge()
    return { status: 202, body: { notificationId } }
  },
})

/** Returns the confirmation of an order, or why it is not sent again. */
export async function resendableOf(
  deps: ResendDeps,
  { orderId, userId }: Pick<OrderInfo, 'orderId' | 'userId'>,
): Promise<{ original: StoredNotification } | { why: string }> {
  const original = await findConfirmation(deps.db, orderId, userId)
  if (!original) return { why: 'the tickets of this order have not been mailed yet' }
  // Valid tickets of its buyer, including ones that were passed on and came back.
  const { tickets } = await deps.peers.find.print({ orderId, filesUpTo: 0 })
  if (tickets.length === 0) return { why: 'no ticket of this order is valid any more' }
  const event = await deps.peers.find.event(payloadOf('ORDER_CONFIRMATION', original).eventId)
  return event?.status === 'CANCELLED' ? { why: 'the event is cancelled' } : { original }
}

async function insertResend(
  tx: Tx,
  { now }: ResendDeps,
  notificationId: NotificationId,
  original: StoredNotification,
): Promise<void> {
  const createdAt = now()
  await lockConfirmation(tx, original.notificationId) // serializes resends of one order
  const before = await listResends(tx, original.notificationId, new Date(createdAt.getTime() - HOUR_MS))
  if (before.some((resend) => resend.notificationId === notificationId)) return
  const oldest = before.at(-RESENDS_AN_HOUR)
  if (oldest) throw tooMany(oldest.createdAt.getTime() + HOUR_MS - createdAt.getTime())
  const about = { notificationId, correlationId: currentCorrelationId(), createdAt }
  await insertNotifications(tx, [{ ...repeated(original, about), urgent: true, priority: 'HIGH' }])
}

function tooMany(waitMs: number): RefusedError {
  const refusal = refuse(RATE_LIMITED, {
    message: `an order's tickets can be mailed again ${RESENDS_AN_HOUR} times an hour`,
  })
  return new RefusedError({
    ...refusal,
    headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) },
  })
}
