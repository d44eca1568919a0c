import type { TicketId } from '@boxoffice/contracts'
import { asLines } from '../mails/mail.ts'
import type { Peers } from '../peers/peers.ts'

/** A file of a mail; one with a `cid` is a picture that the HTML shows. */
export interface Attachment {
  filename: string
  contentType: string
  content: Uint8Array
  cid?: string
}
export type Code = Attachment & { cid: string }

type Numbered = { ticketId: TicketId; ticketNumber: string }
const nameOf = (text: string) => text.replace(/[^\w-]/g, '_')

/** The picture of a ticket's code, for the HTML to show; null where it is not given out any more. */
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

/** Code and PDF of one ticket; null where it is not valid any more. */
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

// MIME's base64 has lines of 76 characters for 57 bytes (RFC 2045), and two to end each; beside it a part has
// some lines of headers.
const PART_BYTES = 1_024
const sizeOf = (bytes: number): number => Math.ceil(bytes / 57) * 78 + PART_BYTES

/** How many bytes a mail has at most, as it travels. */
export const mailSizeOf = (texts: readonly string[], attachments: readonly Attachment[]): number =>
  texts.reduce((sum, text) => sum + sizeOf(Buffer.byteLength(asLines(text))), 0) +
  attachments.reduce((sum, { content }) => sum + sizeOf(content.length), PART_BYTES)
