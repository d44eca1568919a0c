import { type ContactChangeId, orderContactRequested } from '@boxoffice/contracts'
import { RefusedError, refuse, refuseUnknown, type Tx } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { tellOld } from './contact-links.ts'
import {
  type ContactChange,
  cancelWaiting,
  deleteOldChanges,
  findNthLatest,
  hasContactChange,
  insertContactChange,
  lockAsking,
  lockContact,
  markUndone,
  setContact,
} from './contact-repository.ts'
import { findOrder, getOrder, type StoredOrder } from './order-repository.ts'

type Deps = Pick<Dependencies, 'db' | 'messaging' | 'newId' | 'now'>
type Asked = Pick<ContactChange, 'orderId' | 'userId'>

const DAY_MS = 86_400_000
const CONFIRM_MS = DAY_MS
/** Mails in 24 hours: of one order, to one address whoever gives it, and for one buyer. */
const MAILS_A_DAY = { order: 5, address: 5, user: 20 } as const
const KEPT_MS = 30 * DAY_MS
const DELETED_AT_ONCE = 100

/**
 * Mail a link to another address, which becomes the order's when its reader follows it. What waited before
 * ends: an order waits for one address. For the order's own address nothing is mailed, nor where `isFirst`
 * and there was a change before. Throws 404 where the order is not theirs, 429 where there were too many.
 */
export const requestContact = (
  deps: Deps,
  { email, ...asked }: Asked & { email: string },
  { isFirst = false } = {},
): Promise<StoredOrder> =>
  deps.db.transact(async (tx) => {
    const { orderId, userId } = asked
    const { order, contact } = await lockTheirs(tx, asked)
    const createdAt = deps.now()
    if (isFirst && (await hasContactChange(tx, orderId))) return order
    if (contact === email) {
      await cancelWaiting(tx, orderId, createdAt)
      return getOrder(tx, orderId)
    }
    await lockAsking(tx, { userId, email })
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
 * The address that came with an order which has not come to nothing: asked for as if it had come afterwards,
 * once, however often the order's request is repeated. Where there were too many mails today, the order stays
 * without one.
 */
export async function requestContactOnce(
  deps: Deps & Pick<Dependencies, 'logger'>,
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
      'an order was left without the address that came with it: too many mails were asked for',
    )
  }
}

/**
 * The order's mails go to its buyer's account again. Every link ends, also those that undo: whoever reads the
 * account's mail decides, and nobody takes it back from them. The reader of the address until now is told.
 * Throws 404 where the order is not theirs.
 */
export const clearContact = (deps: Deps, asked: Asked): Promise<StoredOrder> =>
  deps.db.transact(async (tx) => {
    const { orderId } = asked
    const { contact } = await lockTheirs(tx, asked)
    const now = deps.now()
    await cancelWaiting(tx, orderId, now)
    await markUndone(tx, orderId, now, null)
    if (contact !== null) {
      await setContact(tx, orderId, null)
      await tellOld(deps, tx, {
        orderId,
        changeId: deps.newId() as ContactChangeId,
        email: contact,
        undoUntil: null,
      })
    }
    return getOrder(tx, orderId)
  })

async function lockTheirs(
  tx: Tx,
  { orderId, userId }: Asked,
): Promise<{ order: StoredOrder; contact: string | null }> {
  const order = await findOrder(tx, orderId)
  if (order?.userId !== userId) throw new RefusedError(refuseUnknown('ORDER', orderId))
  return { order, contact: await lockContact(tx, orderId) }
}

async function refuseTooMany(
  tx: Tx,
  { orderId, userId, email }: Asked & { email: string },
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
  const refusal = refuse(429, 'RATE_LIMITED', 'too many mails were asked for: try again tomorrow')
  return new RefusedError({
    ...refusal,
    headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) },
  })
}
