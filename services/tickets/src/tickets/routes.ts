import {
  RATE_LIMITED,
  TICKET_CANCELLED,
  TICKET_NOT_FOUND,
  TICKET_STOPPED,
  TICKET_TRANSFERRED,
  type TicketId,
  type ticketsInternalRoutes,
  type ticketsRoutes,
  type UserId,
} from '@boxoffice/contracts'
import {
  cursorFields,
  defineCursor,
  type Handlers,
  isNamedIn,
  RefusedError,
  refuse,
  refuseUnknown,
  type Sql,
  type SqlDatabase,
} from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { CodeKey } from './codes.ts'
import { signCode } from './codes.ts'
import type { DownloadTicket } from './downloads.ts'
import type { PdfRenderer } from './pdf-renderer.ts'
import { pagesOf, printOf } from './print.ts'
import { qrPng } from './qr.ts'
import { isStopped, isValid, type StoredTicket, ticketView } from './ticket.ts'
import { findTicket, listTicketsOfUser } from './ticket-repository.ts'

interface Deps {
  codeKey: CodeKey
  config: Pick<Config, 'publicUrl'>
  db: SqlDatabase
  downloadTicket: DownloadTicket
  pdfs: PdfRenderer
}

type TicketRoutes = Pick<typeof ticketsRoutes, 'listMyTickets' | 'getTicket' | 'getTicketQr' | 'getTicketPdf'>
type InternalTicketRoutes = Pick<
  typeof ticketsInternalRoutes,
  'getTicketInfo' | 'getTicketPdfInfo' | 'getTicketQrInfo'
>

const cursor = defineCursor({ createdAt: cursorFields.instant, ticketId: cursorFields.id })

/** Handlers for the caller's own tickets; those of others are answered as not found. */
export function ticketHandlers(deps: Deps): Handlers<TicketRoutes> {
  const sql = deps.db
  const getOwn = async (ticketId: TicketId, userId: UserId) => {
    const ticket = await getTicket(sql, ticketId)
    if (ticket.userId !== userId) throw unknownTicket(ticketId)
    return ticket
  }
  return {
    listMyTickets: async ({ query, principal }) => {
      const after = cursor.decode(query.cursor)
      const rows = await listTicketsOfUser(sql, principal.userId, query.limit + 1, after)
      const { page, nextCursor } = cursor.pageOf(rows, query.limit, (last) => last)
      return {
        status: 200,
        body: { tickets: page.map((ticket) => ticketView(ticket, deps.config.publicUrl)), nextCursor },
      }
    },
    getTicket: async ({ params, principal }) =>
      answerTicket(deps, await getOwn(params.ticketId, principal.userId)),
    getTicketQr: async ({ params, principal }) =>
      answerQr(deps, await getOwn(params.ticketId, principal.userId)),
    getTicketPdf: async ({ params, principal, headers, ip }) =>
      answerDownload(deps, await getOwn(params.ticketId, principal.userId), {
        ip,
        hasTag: (etag) => isNamedIn(headers['if-none-match'], etag),
      }),
  }
}

export function internalTicketHandlers(deps: Deps): Handlers<InternalTicketRoutes> {
  const sql = deps.db
  return {
    getTicketInfo: async ({ params }) => answerTicket(deps, await getTicket(sql, params.ticketId)),
    getTicketQrInfo: async ({ params }) => answerQr(deps, await getTicket(sql, params.ticketId)),
    getTicketPdfInfo: async ({ params }) => answerPdf(deps, await getTicket(sql, params.ticketId)),
  }
}

const answerTicket = (deps: Deps, ticket: StoredTicket) => ({
  status: 200 as const,
  body: ticketView(ticket, deps.config.publicUrl),
})

async function answerQr(deps: Deps, ticket: StoredTicket) {
  if (!isValid(ticket)) return notValid(ticket)
  return { status: 200 as const, body: await qrPng(signCode(ticket, deps.codeKey)), headers: privately }
}

async function answerPdf(deps: Deps, ticket: StoredTicket) {
  if (!isValid(ticket)) return notValid(ticket)
  const body = await deps.pdfs.render(pagesOf(await printOf(deps.db, [ticket]), deps.codeKey))
  return { status: 200 as const, body, headers: { ...privately, ...namedAfter(ticket) } }
}

async function answerDownload(
  { downloadTicket }: Deps,
  ticket: StoredTicket,
  reader: Parameters<DownloadTicket>[1],
) {
  if (!isValid(ticket)) return notValid(ticket)
  const download = await downloadTicket(ticket, reader)
  switch (download.outcome) {
    case 'too-many': {
      const refusal = refuse(RATE_LIMITED, {
        message: 'too many ticket PDFs were made for you: try again later',
      })
      return {
        ...refusal,
        headers: { 'retry-after': String(download.waitSeconds) } as Record<string, string>,
      }
    }
    case 'unchanged':
      return { status: 304 as const, body: undefined, headers: taggedAs(download.etag) }
    case 'printed':
      return {
        status: 200 as const,
        body: download.pdf,
        headers: { ...taggedAs(download.etag), ...namedAfter(ticket) },
      }
  }
}

const taggedAs = (etag: string): Record<string, string> => ({ ...privately, etag })
const namedAfter = ({ ticketNumber }: StoredTicket) => ({
  'content-disposition': `inline; filename="${ticketNumber}.pdf"`,
})

const privately = { 'cache-control': 'private, no-store' }
const unknownTicket = (ticketId: TicketId) => new RefusedError(refuseUnknown(TICKET_NOT_FOUND, ticketId))

async function getTicket(sql: Sql, ticketId: TicketId): Promise<StoredTicket> {
  const ticket = await findTicket(sql, ticketId)
  if (!ticket) throw unknownTicket(ticketId)
  return ticket
}
function notValid(ticket: StoredTicket) {
  const { status } = ticket
  if (isStopped(ticket)) return refuse(TICKET_STOPPED)
  return refuse(status === 'CANCELLED' ? TICKET_CANCELLED : TICKET_TRANSFERRED, {
    message: `this ticket is ${status.toLowerCase()}: its code is no longer available`,
  })
}
