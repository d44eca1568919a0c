import type { ClaimTransferRefusal, TicketId } from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import type { Database, Tx } from '@boxoffice/service-kit'
import { lockOrder } from '../reservations/lock-repository.ts'
import type { AcceptedKey } from '../tickets/codes.ts'
import { isStopped, type StoredTicket } from '../tickets/ticket.ts'
import { findTicket, lockTicket } from '../tickets/ticket-repository.ts'
import { readClaim } from './claim-token.ts'
import { handOver } from './hand-over.ts'
import type { Recipient } from './recipients.ts'
import { type StoredTransfer, stopped, toOneself } from './transfer.ts'
import { findTransfer, lockPending } from './transfer-repository.ts'

export type ClaimResult =
  | { outcome: 'claimed'; ticket: StoredTicket }
  | { outcome: 'refused'; error: ClaimTransferRefusal; message: string }
  /** `no-recipient`: no account to claim for; `unknown`: not a secret of ours. */
  | { outcome: 'unknown' | 'no-recipient' }

const ended = {
  error: 'TRANSFER_ENDED',
  message: 'this ticket was claimed or withdrawn, or its event is over',
} as const
const notTransferable = {
  error: 'TICKET_NOT_TRANSFERABLE',
  message: 'this ticket is no longer valid',
} as const

/**
 * Claims a transferred ticket with the secret from its mail: the caller who has it reads that mail, whatever
 * account they name. Repeating a claim returns the same ticket.
 */
export function createClaimTicket(deps: {
  db: Database
  append: Append
  newId: () => string
  acceptedKeys: readonly AcceptedKey[]
}) {
  return async function claimTicket(
    token: string,
    findRecipient: () => Promise<Recipient | null>,
  ): Promise<ClaimResult> {
    const transferId = readClaim(token, deps.acceptedKeys)
    const transfer = transferId && (await findTransfer(deps.db, transferId))
    const old = transfer && (await findTicket(deps.db, transfer.ticketId))
    if (!transfer || !old) return { outcome: 'unknown' }
    const recipient = await findRecipient() // only for the holder of a secret
    if (!recipient) return { outcome: 'no-recipient' }
    if (transfer.senderId === recipient.userId) return { outcome: 'refused', ...toOneself }
    return deps.db.transact(async (tx): Promise<ClaimResult> => {
      await lockOrder(tx, old.orderId)
      const ticket = await lockTicket(tx, old.ticketId)
      const pending = await lockPending(tx, transfer.transferId)
      if (!pending) return repeated(tx, await findTransfer(tx, transfer.transferId), recipient)
      if (ticket?.status !== 'ACTIVE') return { outcome: 'refused', ...notTransferable }
      if (isStopped(ticket)) return { outcome: 'refused', ...stopped }
      return claimed(tx, await handOver(deps, tx, pending, ticket, recipient))
    })
  }
}
export type ClaimTicket = ReturnType<typeof createClaimTicket>

async function claimed(tx: Tx, ticketId: TicketId): Promise<ClaimResult> {
  const ticket = await findTicket(tx, ticketId)
  if (!ticket) throw new Error(`ticket ${ticketId} was not written`)
  return { outcome: 'claimed', ticket }
}

/** Answers a claim of a transfer that is not pending: the account that claimed it gets its ticket again. */
async function repeated(
  tx: Tx,
  transfer: StoredTransfer | null,
  { userId }: Recipient,
): Promise<ClaimResult> {
  if (transfer?.newTicketId && transfer.recipientId === userId) return claimed(tx, transfer.newTicketId)
  return { outcome: 'refused', ...ended }
}
