import {
  type OrderId,
  type TicketId,
  type TransferId,
  ticketTransferOffered,
  type UserId,
} from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import type { Database, Sql, Tx } from '@boxoffice/service-kit'
import { findReplicaAsOf } from '../event-replicas/replica-repository.ts'
import { lockAddress, lockOrder } from '../reservations/lock-repository.ts'
import type { StoredTicket } from '../tickets/ticket.ts'
import { findTicket, lockTicket } from '../tickets/ticket-repository.ts'
import { handOver } from './hand-over.ts'
import type { Recipient, Recipients } from './recipients.ts'
import { type NotTransferred, refusalOfTransfer, type StoredTransfer, toOneself } from './transfer.ts'
import { countOffersOfLastDay, countOfLastHour, findTransfer, insertTransfer } from './transfer-repository.ts'

/** A request to transfer a ticket. Repetitions have the same `transferId`. */
export interface TransferRequest {
  readonly transferId: TransferId
  readonly ticketId: TicketId
  readonly sender: { readonly userId: UserId; readonly email: string }
  readonly email: string
  readonly holderName: string
}

export type TransferResult =
  | { outcome: 'transferred'; transfer: StoredTransfer }
  | ({ outcome: 'refused' } & NotTransferred)
  | { outcome: 'unknown' | 'too-many' | 'too-many-to-address' }

/**
 * Transfers tickets. To a confirmed address it is immediate: the ticket is TRANSFERRED, its code stops
 * admitting, and another takes its place. Otherwise the ticket stays the sender's, and valid, until it is
 * claimed with the secret mailed to the address: an account with that address, or one that confirms it later,
 * need not belong to the reader of its mail.
 */
export function createPassOn(deps: {
  db: Database
  append: Append
  newId: () => string
  recipients: Recipients
  perHourMax: number
  toAddressMax: number
}) {
  const { db } = deps

  /** Rejects with ServiceUnavailable when the auth service is unavailable; nothing has changed then. */
  async function passOn(request: TransferRequest): Promise<TransferResult> {
    const { sender, ticketId } = request
    const existing = await findTransfer(db, request.transferId)
    if (existing) return { outcome: 'transferred', transfer: existing }
    const ticket = await findTicket(db, ticketId)
    if (ticket?.userId !== sender.userId) return { outcome: 'unknown' }
    const refusal = request.email === sender.email ? toOneself : await refusalOf(db, ticket)
    if (refusal) return { outcome: 'refused', ...refusal }
    const recipient = await deps.recipients.findConfirmed(request.email)
    if (recipient?.userId === sender.userId) return { outcome: 'refused', ...toOneself }
    const senderName = recipient ? null : await deps.recipients.findName(sender.userId)
    return db.transact((tx) => write(tx, request, ticket.orderId, recipient ?? { senderName }))
  }

  async function write(
    tx: Tx,
    request: TransferRequest,
    orderId: OrderId,
    to: Recipient | { senderName: string | null },
  ): Promise<TransferResult> {
    const { transferId, ticketId, email, holderName } = request
    const senderId = request.sender.userId
    const offered = !('userId' in to)
    await lockOrder(tx, orderId)
    if (offered) await lockAddress(tx, email) // so that concurrent offers all count
    const ticket = await lockTicket(tx, ticketId)
    const existing = await findTransfer(tx, transferId)
    if (existing) return { outcome: 'transferred', transfer: existing }
    if (ticket?.userId !== senderId) return { outcome: 'unknown' }
    const refusal = await refusalOf(tx, ticket)
    if (refusal) return { outcome: 'refused', ...refusal }
    if ((await countOfLastHour(tx, senderId)) >= deps.perHourMax) return { outcome: 'too-many' }
    const { eventId } = ticket
    if (offered && (await countOffersOfLastDay(tx, email)) >= deps.toAddressMax)
      return { outcome: 'too-many-to-address' }
    await insertTransfer(tx, { transferId, ticketId, eventId, senderId, email, holderName, offered })
    if ('userId' in to) await handOver(deps, tx, { transferId, holderName }, ticket, to)
    else {
      const senderName = to.senderName ?? undefined
      const payload = {
        transferId,
        ticketId,
        eventId,
        userId: senderId,
        senderName,
        recipientEmail: email,
        holderName,
      }
      await deps.append(tx, ticketTransferOffered, payload, { aggregateVersion: ticket.version })
    }
    const transfer = await findTransfer(tx, transferId)
    if (!transfer) throw new Error(`transfer ${transferId} was not written`)
    return { outcome: 'transferred', transfer }
  }

  return { passOn }
}
export type PassOn = ReturnType<typeof createPassOn>

async function refusalOf(sql: Sql, ticket: StoredTicket): Promise<NotTransferred | null> {
  const found = await findReplicaAsOf(sql, ticket.eventId)
  if (!found) throw new Error(`event ${ticket.eventId} has tickets and no replica`)
  return refusalOfTransfer(ticket, found.replica, found.asOf)
}
