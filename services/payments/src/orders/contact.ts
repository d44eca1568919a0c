import {
  type ContactChangeId,
  ORDER_NOT_FOUND,
  orderContactRequested,
  RATE_LIMITED,
} from '@boxoffice/contracts'
import { type Logger, RefusedError, refuse, refuseUnknown, type Tx } from '@boxoffice/service-kit'
import { type ContactLinkDeps, notifyOld } from './contact-links.ts'
import {
  type ContactChange,
  cancelWaiting,
  deleteOldChanges,
  findNthLatest,
  hasContactChange,
  insertContactChange,
  lockContact,
  lockRequestCounts,
  markUndone,
  setContact,
} from './contact-repository.ts'
import { findOrder, getOrder, type StoredOrder } from './order-repository.ts'

export interface ContactDeps extends ContactLinkDeps {
  newId: () => string
}
type Deps = ContactDeps
type ContactRequest = Pick<ContactChange, 'orderId' | 'userId'>

const DAY_MS = 86_400_000
const CONFIRM_MS = DAY_MS
/** Mails per 24 hours: about one order, to one address by all buyers, and for one buyer. */
const MAILS_A_DAY = { order: 5, address: 5, user: 20 } as const
const KEPT_MS = 30 * DAY_MS
const DELETED_AT_ONCE = 100

/**
 * Mails a link to a new address, which the order takes when its reader follows the link. Cancels a pending
 * change: an order has one at a time. Mails nothing for the order's current address, or with `isFirst` if
 * there was a change before. Throws 404 if the order is not the caller's, 429 after too many mails.
 */
export const requestContact = (
  deps: Deps,
  { email, ...request }: ContactRequest & { email: string },
  { isFirst = false } = {},
): Promise<StoredOrder> =>
  deps.db.transact(async (tx) => {
    const { orderId, userId } = request
    const { order, contact } = await lockOwnOrder(tx, request)
    const createdAt = deps.now()
    if (isFirst && (await hasContactChange(tx, orderId))) return order
    if (contact === email) {
      await cancelWaiting(tx, orderId, createdAt)
      return getOrder(tx, orderId)
    }
    await lockRequestCounts(tx, { userId, email })
    await refuseTooMany(tx, { orderId, userId, email }, createdAt)
    await cancelWaiting(tx, orderId, createdAt)
    await deleteOldChanges(tx, new Date(createdAt.getTime() - KEPT_MS), DELETED_AT_ONCE)
    const changeId = deps.newId() as ContactChangeId
    const expiresAt = new Date(createdAt.getTime() + CONFIRM_MS)
    await insertContactChange(tx, { changeId, orderId, userId, email, createdAt, expiresAt })
    const payload = { orderId, userId, orderNumber: order.orderNumber, changeId, email, expiresAt }
    await deps.messaging.append(tx, orderContactRequested, payload, { aggregateVersion: order.version })
    return getOrder(tx, orderId)
  })

/**
 * Requests the address that came with an order, unless the order has failed: once, however often the order's
 * request is repeated. After too many mails today, the order gets no address.
 */
export async function requestContactOnce(
  deps: Deps & { logger: Logger },
  { orderId, userId, status }: StoredOrder,
  email: string,
): Promise<void> {
  if (status === 'FAILED' || status === 'CANCELLED' || (await hasContactChange(deps.db, orderId))) return
  try {
    await requestContact(deps, { orderId, userId, email }, { isFirst: true })
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    deps.logger.warn(
      { orderId, userId },
      'order left without its contact address: too many mails were requested',
    )
  }
}

/**
 * Sends the order's mails to its buyer's account again. Every link ends, including those that undo, so that
 * the account's owner has the last word. Notifies the reader of the previous address. Throws 404 if the order
 * is not the caller's.
 */
export const clearContact = (deps: Deps, request: ContactRequest): Promise<StoredOrder> =>
  deps.db.transact(async (tx) => {
    const { orderId } = request
    const { contact } = await lockOwnOrder(tx, request)
    const now = deps.now()
    await cancelWaiting(tx, orderId, now)
    await markUndone(tx, orderId, now, null)
    if (contact !== null) {
      await setContact(tx, orderId, null)
      await notifyOld(deps, tx, {
        orderId,
        changeId: deps.newId() as ContactChangeId,
        email: contact,
        undoUntil: null,
      })
    }
    return getOrder(tx, orderId)
  })

async function lockOwnOrder(
  tx: Tx,
  { orderId, userId }: ContactRequest,
): Promise<{ order: StoredOrder; contact: string | null }> {
  const order = await findOrder(tx, orderId)
  if (order?.userId !== userId) throw new RefusedError(refuseUnknown(ORDER_NOT_FOUND, orderId))
  return { order, contact: await lockContact(tx, orderId) }
}

async function refuseTooMany(
  tx: Tx,
  { orderId, userId, email }: ContactRequest & { email: string },
  now: Date,
): Promise<void> {
  const since = new Date(now.getTime() - DAY_MS)
  const counted = [
    { of: { orderId }, max: MAILS_A_DAY.order },
    { of: { email }, max: MAILS_A_DAY.address },
    { of: { userId }, max: MAILS_A_DAY.user },
  ]
  for (const { of, max } of counted) {
    const oldest = await findNthLatest(tx, of, max, since)
    if (oldest) throw tooMany(oldest.getTime() + DAY_MS - now.getTime())
  }
}

function tooMany(waitMs: number): RefusedError {
  const refusal = refuse(RATE_LIMITED, { message: 'too many mails were requested: try again tomorrow' })
  return new RefusedError({
    ...refusal,
    headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) },
  })
}
