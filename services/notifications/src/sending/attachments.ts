import type { TicketId } from '@boxoffice/contracts'
import { asLines } from '../mails/mail.ts'
import type { Peers } from '../peers/peers.ts'

/** A file of a mail; one with a `cid` is an image in the HTML. */
export interface Attachment {
  filename: string
  contentType: string
  content: Uint8Array
  cid?: string
}
export type Code = Attachment & { cid: string }

type Numbered = { ticketId: TicketId; ticketNumber: string }
const nameOf = (text: string) => text.replace(/[^\w-]/g, '_')

/** Fetches the image of a ticket's QR code; null if the ticket is not valid any more. */
export async function codeOf(
  { tickets }: Pick<Peers, 'tickets'>,
  { ticketId, ticketNumber }: Numbered,
): Promise<Code | null> {
  const { status, body } = await tickets.getTicketQrInfo({ params: { ticketId } })
  return status === 200 ? codeAttachment({ ticketId, ticketNumber }, body) : null
}

export const codeAttachment = ({ ticketId, ticketNumber }: Numbered, content: Uint8Array): Code => ({
  filename: `${nameOf(ticketNumber)}.png`,
  contentType: 'image/png',
  content,
  cid: `${ticketId}@code.boxoffice`,
})

export const pdfAttachment = (name: string, content: Uint8Array): Attachment => ({
  filename: `${nameOf(name)}.pdf`,
  contentType: 'application/pdf',
  content,
})

/** Fetches QR code and PDF of one ticket; null if it is not valid any more. */
export async function ticketFiles(
  peers: Pick<Peers, 'tickets'>,
  ticket: Numbered,
): Promise<{ code: Code; pdf: Attachment } | null> {
  const [code, pdf] = await Promise.all([
    codeOf(peers, ticket),
    peers.tickets.getTicketPdfInfo({ params: { ticketId: ticket.ticketId } }),
  ])
  return code && pdf.status === 200 ? { code, pdf: pdfAttachment(ticket.ticketNumber, pdf.body) } : null
}

// Base64 in MIME has lines of 76 characters for 57 bytes (RFC 2045) plus CRLF; each part also has some header
// lines.
const PART_BYTES = 1_024
const sizeOf = (bytes: number): number => Math.ceil(bytes / 57) * 78 + PART_BYTES

/** Returns an upper bound of the size of an encoded mail, in bytes. */
export const mailSizeOf = (texts: readonly string[], attachments: readonly Attachment[]): number =>
  texts.reduce((sum, text) => sum + sizeOf(Buffer.byteLength(asLines(text))), 0) +
  attachments.reduce((sum, { content }) => sum + sizeOf(content.length), PART_BYTES)
