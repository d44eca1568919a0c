import {
  ORDER_NOT_PRINTABLE,
  type OrderId,
  type OrderPrint,
  TICKET_NOT_FOUND,
  TICKETS_CHANGED,
  TRANSFER_NOT_FOUND,
  type ticketsMailingRoutes,
} from '@boxoffice/contracts'
import { type Handlers, refuse, type SqlDatabase } from '@boxoffice/service-kit'
import { countHeld } from '../attendees/attendee-repository.ts'
import type { Config } from '../config.ts'
import type { CodeKey } from '../tickets/codes.ts'
import type { PrintOrder } from '../tickets/order-pdf.ts'
import type { PdfRenderer } from '../tickets/pdf-renderer.ts'
import { findPrintsOfOrders, type Print, pagesOf, shownTicketsOf, versionOf } from '../tickets/print.ts'
import { ticketView } from '../tickets/ticket.ts'
import { listTickets } from '../tickets/ticket-repository.ts'
import { signClaim } from './claim-token.ts'
import { findTransfer } from './transfer-repository.ts'

interface Deps {
  codeKey: CodeKey
  config: Pick<Config, 'orderPdfPagesMax' | 'publicUrl'>
  db: SqlDatabase
  pdfs: PdfRenderer
  printOrder: PrintOrder
}

/** Renders the PDF and an image of each code off the event loop, so that buyers do not wait for them. */
async function filesOf({ pdfs, codeKey }: Deps, print: Print) {
  const { pdf, codes } = await pdfs.renderFiles(pagesOf(print, codeKey))
  return { pdf: base64(pdf), codes: codes.map(base64) }
}
const base64 = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

/**
 * Handlers for the notification service: what it writes mails from, and checks again before it sends them.
 */
export function mailingHandlers(deps: Deps): Handlers<typeof ticketsMailingRoutes> {
  const sql = deps.db
  const pagesMax = deps.config.orderPdfPagesMax
  const shown = async (print: Print | undefined, filesUpTo = 0): Promise<OrderPrint> => {
    if (!print) return { version: 'none', printable: false, tickets: [] }
    const printable = print.tickets.length <= pagesMax
    const files = print.tickets.length <= Math.min(filesUpTo, pagesMax) ? await filesOf(deps, print) : null
    const version = versionOf(print, deps.codeKey)
    return { version, printable, tickets: shownTicketsOf(print), ...(files && { files }) }
  }
  const shownAll = async (
    orders: readonly { orderId: OrderId; filesUpTo?: number | undefined }[],
  ): Promise<OrderPrint[]> => {
    const orderIds = orders.map(({ orderId }) => orderId)
    const prints = await findPrintsOfOrders(sql, orderIds)
    return Promise.all(orders.map(({ orderId, filesUpTo }) => shown(prints.get(orderId), filesUpTo)))
  }
  return {
    getOrderPrint: async ({ params: { orderId }, query: { filesUpTo } }) => {
      const [print] = await shownAll([{ orderId, filesUpTo }])
      return { status: 200, body: print as OrderPrint }
    },
    getOrderPrints: async ({ body }) => ({ status: 200, body: { prints: await shownAll(body.orders) } }),
    getOrderPdf: async ({ params: { orderId }, query }) => {
      const result = await deps.printOrder(orderId, query.version)
      switch (result.outcome) {
        case 'no-tickets':
          return refuse(TICKET_NOT_FOUND, { message: 'this order has no valid tickets' })
        case 'changed':
          return refuse(TICKETS_CHANGED, {
            message: `the tickets of this order are at version ${result.version} by now`,
          })
        case 'not-printable':
          return refuse(ORDER_NOT_PRINTABLE, { message: `an order PDF has at most ${pagesMax} tickets` })
        case 'printed': {
          const headers = { 'cache-control': 'private, no-store', etag: `"${result.version}"` }
          return { status: 200, body: result.pdf, headers }
        }
      }
    },
    countHeldTickets: async ({ params }) => ({
      status: 200,
      body: await countHeld(sql, params.eventId, params.userId),
    }),
    getTicketInfos: async ({ body }) => {
      const tickets = await listTickets(sql, body.ticketIds)
      return {
        status: 200,
        body: { tickets: tickets.map((ticket) => ticketView(ticket, deps.config.publicUrl)) },
      }
    },
    getTransferInfo: async ({ params: { transferId } }) => {
      const transfer = await findTransfer(sql, transferId)
      if (!transfer) return refuse(TRANSFER_NOT_FOUND, { message: 'this transfer does not exist' })
      const { status } = transfer
      const claimToken = status === 'PENDING' ? signClaim(transferId, deps.codeKey) : undefined
      return { status: 200, body: { transferId, status, ...(claimToken && { claimToken }) } }
    },
  }
}
