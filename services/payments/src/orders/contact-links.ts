import {
  type ContactChangeId,
  type ContactOutcome,
  type OrderId,
  orderContactChanged,
} from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import type { Database, Tx } from '@boxoffice/service-kit'
import {
  type ContactChange,
  cancelWaiting,
  findContactChange,
  lockContact,
  markConfirmed,
  markUndone,
  setContact,
} from './contact-repository.ts'
import { getOrder } from './order-repository.ts'

export interface ContactLinkDeps {
  db: Database
  messaging: { append: Append }
  now: () => Date
}
type Deps = ContactLinkDeps

/** How long the reader of the previous address can undo a change. */
const UNDO_MS = 7 * 86_400_000

/** Applies a link of a mail about a changed address. Repetition changes nothing. */
export const applyContactLink = (
  deps: Deps,
  changeId: ContactChangeId,
  act: 'CONFIRM' | 'DISOWN' | 'UNDO',
): Promise<ContactOutcome> =>
  deps.db.transact(async (tx) => {
    const found = await findContactChange(tx, changeId)
    if (!found) return 'INVALID'
    const contact = await lockContact(tx, found.orderId)
    const change = await findContactChange(tx, changeId) // again, under the lock
    if (!change) return 'INVALID'
    const now = deps.now()
    const whyNot = objectionTo(change, act, now)
    if (whyNot) return whyNot
    if (act === 'UNDO') await undo(tx, change, now)
    else if (change.confirmedAt || change.cancelledAt) return 'DONE'
    else if (act === 'DISOWN' || contact === change.email) await cancelWaiting(tx, change.orderId, now)
    else await confirm(deps, tx, change, contact, now)
    return 'DONE'
  })

/** Returns why a link can no longer be applied; null if it can, or was applied before. */
export function objectionTo(
  {
    confirmedAt,
    cancelledAt,
    expiresAt,
    undoneAt,
    undoExpiresAt,
  }: Omit<ContactChange, 'orderId' | 'userId' | 'email' | 'createdAt'>,
  act: 'CONFIRM' | 'DISOWN' | 'UNDO',
  now: Date,
): Exclude<ContactOutcome, 'DONE'> | null {
  if (act === 'UNDO') {
    if (undoneAt || !undoExpiresAt) return 'INVALID'
    return undoExpiresAt <= now ? 'EXPIRED' : null
  }
  if (act === 'DISOWN') return confirmedAt ? 'INVALID' : null
  if (cancelledAt || undoneAt) return 'INVALID'
  return !confirmedAt && expiresAt <= now ? 'EXPIRED' : null
}

async function confirm(
  deps: Deps,
  tx: Tx,
  change: ContactChange,
  oldEmail: string | null,
  now: Date,
): Promise<void> {
  const { changeId, orderId, email } = change
  const undoUntil = new Date(now.getTime() + UNDO_MS)
  await markConfirmed(tx, { changeId, oldEmail, confirmedAt: now, undoExpiresAt: undoUntil })
  await setContact(tx, orderId, email)
  await notifyOld(deps, tx, { orderId, changeId, email: oldEmail, undoUntil })
}

/** Restores the address from before this change, undoing later changes too. */
async function undo(tx: Tx, { orderId, oldEmail, confirmedAt }: ContactChange, now: Date): Promise<void> {
  await cancelWaiting(tx, orderId, now)
  await markUndone(tx, orderId, now, confirmedAt)
  await setContact(tx, orderId, oldEmail)
}

/** Notifies the reader of the previous address. */
export async function notifyOld(
  { messaging }: Pick<Deps, 'messaging'>,
  tx: Tx,
  {
    orderId,
    ...changed
  }: { orderId: OrderId; changeId: ContactChangeId; email: string | null; undoUntil: Date | null },
): Promise<void> {
  const { userId, orderNumber, version } = await getOrder(tx, orderId)
  await messaging.append(
    tx,
    orderContactChanged,
    { orderId, userId, orderNumber, ...changed },
    { aggregateVersion: version },
  )
}
