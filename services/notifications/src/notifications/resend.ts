import {
  type EventId,
  NOTHING_TO_RESEND,
  type NotificationId,
  type notificationsRoutes,
  ORDER_NOT_FOUND,
  type OrderId,
  RATE_LIMITED,
  type UserId,
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
import { payloadOf, workingTitles } from './payloads.ts'
import {
  findConfirmation,
  listResends,
  lockConfirmation,
  type StoredConfirmation,
} from './resend-repository.ts'

interface Deps {
  db: Database
  now: () => Date
  peers: Pick<Peers, 'find'>
  sender: { nudge(): void }
}

const HOUR_MS = 3_600_000
const RESENDS_AN_HOUR = 5

const nothing = (why: string) => refuse(NOTHING_TO_RESEND, { message: why })

/** Mails tickets to their buyer again. */
export const resendHandlers = (deps: Deps): Handlers<Pick<typeof notificationsRoutes, 'resendOrder'>> => ({
  async resendOrder({ params: { orderId }, principal: { userId }, resourceId }) {
    const order = await deps.peers.find.order(orderId)
    if (order?.userId !== userId) return refuseUnknown(ORDER_NOT_FOUND, orderId)
    const original = await findConfirmation(deps.db, orderId, userId)
    if (!original) return nothing('the tickets of this order have not been mailed yet')
    if (!(await hasValidTicket(deps, orderId))) return nothing('no ticket of this order is valid any more')
    const { eventId } = payloadOf('ORDER_CONFIRMATION', original)
    if (await isCancelled(deps, eventId)) return nothing('the event is cancelled')

    const notificationId = resourceId as NotificationId
    await deps.db.transact((tx) => insertResend(tx, deps, { notificationId, original, userId, orderId }))
    deps.sender.nudge()
    return { status: 202, body: { notificationId } }
  },
})

/** Whether the buyer holds valid tickets of the order, including ones that were passed on and came back. */
async function hasValidTicket({ peers }: Deps, orderId: OrderId): Promise<boolean> {
  const { tickets } = await peers.find.print({ orderId, filesUpTo: 0 })
  return tickets.length > 0
}

async function isCancelled({ peers }: Deps, eventId: EventId): Promise<boolean> {
  const event = await peers.find.event(eventId)
  return event?.status === 'CANCELLED'
}

async function insertResend(
  tx: Tx,
  { now }: Deps,
  asked: { notificationId: NotificationId; original: StoredConfirmation; userId: UserId; orderId: OrderId },
): Promise<void> {
  const { notificationId, original, userId, orderId } = asked
  const createdAt = now()
  await lockConfirmation(tx, original.notificationId) // serializes resends of one order
  const before = await listResends(tx, original.notificationId, new Date(createdAt.getTime() - HOUR_MS))
  if (before.some((resend) => resend.notificationId === notificationId)) return
  const oldest = before.at(-RESENDS_AN_HOUR)
  if (oldest) throw tooMany(oldest.createdAt.getTime() + HOUR_MS - createdAt.getTime())
  const resend = {
    notificationId,
    messageId: notificationId,
    correlationId: currentCorrelationId(),
    type: 'ORDER_CONFIRMATION',
    channel: 'EMAIL',
    recipientId: userId,
    orderId,
    eventId: payloadOf('ORDER_CONFIRMATION', original).eventId,
    payload: original.payload,
    subject: workingTitles.ORDER_CONFIRMATION,
    urgent: true,
    priority: 'HIGH',
    resendOf: original.notificationId,
    createdAt,
  } as const
  await insertNotifications(tx, [resend])
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
