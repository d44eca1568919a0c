import {
  type ContactChangeId,
  type ContactOutcome,
  type OrderId,
  orderContactChanged,
} from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
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

type Deps = Pick<Dependencies, 'db' | 'messaging' | 'now'>

/** So long the reader of the address before undoes a change. */
const UNDO_MS = 7 * 86_400_000

/** What the reader of a mail does with its link. The same again changes nothing. */
export const settleContact = (
  deps: Deps,
  changeId: ContactChangeId,
  act: 'CONFIRM' | 'DISOWN' | 'UNDO',
): Promise<ContactOutcome> =>
  deps.db.transact(async (tx) => {
    const found = await findContactChange(tx, changeId)
    if (!found) return 'INVALID'
    const contact = await lockContact(tx, found.orderId)
    const change = await findContactChange(tx, changeId) // as it is now that nobody else is at it
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

/** Why a link does not do that any more; null where it does, or has done it. */
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
  await tellOld(deps, tx, { orderId, changeId, email: oldEmail, undoUntil })
}

/** Back to where the mails went before, and so is all that was changed since. */
async function undo(tx: Tx, { orderId, oldEmail, confirmedAt }: ContactChange, now: Date): Promise<void> {
  await cancelWaiting(tx, orderId, now)
  await markUndone(tx, orderId, now, confirmedAt)
  await setContact(tx, orderId, oldEmail)
}

/** Who reads where the mails went until now hears of it. */
export async function tellOld(
  { messaging }: Deps,
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
