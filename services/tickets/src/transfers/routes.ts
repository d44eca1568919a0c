import {
  claimTransferRefusals,
  RATE_LIMITED,
  TICKET_NOT_FOUND,
  TRANSFER_COMPLETED,
  TRANSFER_NOT_FOUND,
  type TransferId,
  type ticketsRoutes,
  transferRefusals,
} from '@boxoffice/contracts'
import {
  cursorFields,
  defineCursor,
  type Handlers,
  refuse,
  refuseUnknown,
  type SqlDatabase,
} from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { ticketView } from '../tickets/ticket.ts'
import type { ClaimTicket } from './claim.ts'
import type { PassOn } from './pass-on.ts'
import { transferView } from './transfer.ts'
import { findTransfer, listTransfersOf, withdrawTransfer } from './transfer-repository.ts'

interface Deps {
  claimTicket: ClaimTicket
  config: Pick<Config, 'publicUrl'>
  db: SqlDatabase
  transfers: PassOn
}

type TransferRoutes = Pick<
  typeof ticketsRoutes,
  'transferTicket' | 'claimTransfer' | 'listTransfers' | 'cancelTransfer'
>

const cursor = defineCursor({ createdAt: cursorFields.instant, transferId: cursorFields.id })

/**
 * Handlers for transferring the caller's own tickets; those of others, and their transfers, are answered as
 * not found.
 */
export function transferHandlers(deps: Deps): Handlers<TransferRoutes> {
  const sql = deps.db
  return {
    transferTicket: async ({ params: { ticketId }, body: { email, holderName }, principal, resourceId }) => {
      const result = await deps.transfers.passOn({
        transferId: resourceId as TransferId,
        ticketId,
        sender: principal,
        email,
        holderName,
      })
      switch (result.outcome) {
        case 'transferred':
          return { status: 200, body: transferView(result.transfer) }
        case 'unknown':
          return refuseUnknown(TICKET_NOT_FOUND, ticketId)
        case 'too-many':
          return {
            ...refuse(RATE_LIMITED, { message: 'too many transfers within an hour' }),
            headers: { 'retry-after': '600' },
          }
        case 'too-many-to-address':
          return {
            ...refuse(RATE_LIMITED, { message: 'this address was offered too many tickets within a day' }),
            headers: { 'retry-after': '3600' },
          }
        case 'refused': {
          const { error, message, transferId } = result
          return refuse(transferRefusals[error], { message, ...(transferId && { transferId }) })
        }
      }
    },
    claimTransfer: async ({ body, principal }) => {
      const result = await deps.claimTicket(body.token, async () => principal)
      if (result.outcome === 'claimed')
        return { status: 200, body: ticketView(result.ticket, deps.config.publicUrl) }
      if (result.outcome === 'refused')
        return refuse(claimTransferRefusals[result.error], { message: result.message })
      return refuse(TRANSFER_NOT_FOUND, {
        message: 'this link is not valid: open it again from the mail, or copy all of it',
      })
    },
    listTransfers: async ({ query, principal }) => {
      const after = cursor.decode(query.cursor)
      const rows = await listTransfersOf(sql, principal.userId, query.limit + 1, after)
      const { page, nextCursor } = cursor.pageOf(rows, query.limit, (last) => last)
      return { status: 200, body: { transfers: page.map(transferView), nextCursor } }
    },
    cancelTransfer: async ({ params: { transferId }, principal }) => {
      const transfer = await findTransfer(sql, transferId)
      if (transfer?.senderId !== principal.userId) return refuseUnknown(TRANSFER_NOT_FOUND, transferId)
      if (
        !(await withdrawTransfer(sql, transferId)) &&
        (await findTransfer(sql, transferId))?.status === 'COMPLETED'
      ) {
        return refuse(TRANSFER_COMPLETED)
      }
      return { status: 204, body: undefined }
    },
  }
}
