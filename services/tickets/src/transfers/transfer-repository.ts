import type { TicketId, TransferId, UserId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import { stillOpen } from '../event-replicas/replica-repository.ts'
import type { StoredTransfer } from './transfer.ts'

const select = `select x.transfer_id as "transferId", x.ticket_id as "ticketId", x.event_id as "eventId",
  x.sender_id as "senderId", x.recipient_email as email, x.holder_name as "holderName",
  case when x.status = 'PENDING' and not ${stillOpen('p')} then 'EXPIRED' else x.status end as status,
  x.created_at as "createdAt", x.ended_at as "endedAt", x.recipient_id as "recipientId",
  x.new_ticket_id as "newTicketId"
  from ticket_transfers x join event_pictures p using (event_id)`

export async function findTransfer(sql: Sql, transferId: TransferId): Promise<StoredTransfer | null> {
  const [transfer] = await sql.query<StoredTransfer>(`${select} where x.transfer_id = $1`, [transferId])
  return transfer ?? null
}

/** Returns a user's transfers, newest first, from a position on. */
export const listTransfersOf = (
  sql: Sql,
  senderId: UserId,
  limit: number,
  after: { createdAt: Date; transferId: string } | null,
): Promise<StoredTransfer[]> =>
  sql.query<StoredTransfer>(
    `${select}
     where x.sender_id = $1 and ($3::timestamptz is null or (x.created_at, x.transfer_id) < ($3, $4::uuid))
     order by x.created_at desc, x.transfer_id desc limit $2`,
    [senderId, limit, after?.createdAt ?? null, after?.transferId ?? null],
  )

/** Counts the tickets that a user has transferred within the last hour, whatever their status. */
export async function countOfLastHour(tx: Tx, senderId: UserId): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count from ticket_transfers
     where sender_id = $1 and created_at > clock_timestamp() - interval '1 hour'`,
    [senderId],
  )
  return row?.count ?? 0
}

/** Counts the tickets offered to a locked address within the last day, by any sender. */
export async function countOffersOfLastDay(tx: Tx, email: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count from ticket_transfers
     where recipient_email = $1 and offered_at > clock_timestamp() - interval '1 day'`,
    [email],
  )
  return row?.count ?? 0
}

/**
 * Inserts a PENDING transfer of a locked ticket. `offered`: its address is mailed the secret that claims it.
 */
export async function insertTransfer(
  tx: Tx,
  transfer: Pick<
    StoredTransfer,
    'transferId' | 'ticketId' | 'eventId' | 'senderId' | 'email' | 'holderName'
  > & {
    offered: boolean
  },
): Promise<void> {
  await tx.query(
    `insert into ticket_transfers (transfer_id, ticket_id, event_id, sender_id, recipient_email,
       holder_name, offered_at)
     values ($1, $2, $3, $4, $5, $6, case when $7 then clock_timestamp() end)`,
    [
      transfer.transferId,
      transfer.ticketId,
      transfer.eventId,
      transfer.senderId,
      transfer.email,
      transfer.holderName,
      transfer.offered,
    ],
  )
}

/** Returns the transfer, locked until the transaction ends; null when it is not pending any more. */
export async function lockPending(tx: Tx, transferId: TransferId): Promise<StoredTransfer | null> {
  const [transfer] = await tx.query<StoredTransfer>(`${select} where x.transfer_id = $1 for update of x`, [
    transferId,
  ])
  return transfer?.status === 'PENDING' ? transfer : null
}

/** Moves a locked transfer from PENDING to COMPLETED. */
export async function completeTransfer(
  tx: Tx,
  transferId: TransferId,
  received: { recipientId: UserId; newTicketId: TicketId },
): Promise<void> {
  const completed = await tx.query(
    `update ticket_transfers set status = 'COMPLETED', recipient_id = $2, new_ticket_id = $3,
       ended_at = clock_timestamp()
     where transfer_id = $1 and status = 'PENDING' returning transfer_id`,
    [transferId, received.recipientId, received.newTicketId],
  )
  if (completed.length === 0) throw new Error(`transfer ${transferId} is not PENDING`)
}

/** Moves a transfer from PENDING to CANCELLED by its sender; returns whether it was PENDING. */
export async function withdrawTransfer(sql: Sql, transferId: TransferId): Promise<boolean> {
  const withdrawn = await sql.query(
    `update ticket_transfers set status = 'CANCELLED', reason = 'WITHDRAWN', ended_at = clock_timestamp()
     where transfer_id = $1 and status = 'PENDING' returning transfer_id`,
    [transferId],
  )
  return withdrawn.length > 0
}

/** Cancels the pending transfers of tickets that were cancelled and are locked. */
export const endTransfersOf = (tx: Tx, ticketIds: readonly TicketId[]) =>
  tx.query(
    `update ticket_transfers set status = 'CANCELLED', reason = 'TICKET_CANCELLED',
       ended_at = clock_timestamp()
     where ticket_id = any($1::uuid[]) and status = 'PENDING'`,
    [ticketIds],
  )
