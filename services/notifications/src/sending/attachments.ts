import type { TicketId } from '@boxoffice/contracts'
import type { Peers } from './peers.ts'

/** A file of a mail; one with a `cid` is a picture that the HTML shows. */
export interface Attachment {
  filename: string
  contentType: string
  content: Uint8Array
  cid?: string
}

export interface TicketFiles {
  code: Attachment & { cid: string }
  pdf: Attachment
}

/** SES takes ten megabytes a mail, and base64 makes a third more of them. */
const FILES_MAX_BYTES = 7_000_000
const AT_ONCE = 8

type Numbered = { ticketId: TicketId; ticketNumber: string }

/**
 * Code and PDF of each ticket, in order. Tickets that are not valid any more have none (`GONE`); nor have those for which one mail
 * has no room (`NO_ROOM`): it is full from the first of them on, and the rest is not even asked for.
 */
export async function ticketFiles(
  tickets: readonly Numbered[],
  peers: Pick<Peers, 'tickets'>,
  maxBytes = FILES_MAX_BYTES,
): Promise<(TicketFiles | 'GONE' | 'NO_ROOM')[]> {
  const results: (TicketFiles | 'GONE' | 'NO_ROOM')[] = []
  let bytes = 0
  for (let start = 0; start < tickets.length; start += AT_ONCE) {
    const batch = tickets.slice(start, start + AT_ONCE)
    const full = bytes > maxBytes
    const fetched = full ? batch.map(() => 'NO_ROOM' as const) : await Promise.all(batch.map((ticket) => filesOf(ticket, peers)))
    for (const files of fetched) {
      if (typeof files === 'object') bytes += files.code.content.length + files.pdf.content.length
      results.push(typeof files === 'object' && bytes > maxBytes ? 'NO_ROOM' : files)
    }
  }
  return results
}

async function filesOf({ ticketId, ticketNumber }: Numbered, { tickets }: Pick<Peers, 'tickets'>): Promise<TicketFiles | 'GONE'> {
  const [code, pdf] = await Promise.all([
    tickets.getTicketQrInfo({ params: { ticketId } }),
    tickets.getTicketPdfInfo({ params: { ticketId } }),
  ])
  if (code.status !== 200 || pdf.status !== 200) return 'GONE'
  const name = ticketNumber.replace(/[^\w-]/g, '_')
  return {
    code: { filename: `${name}.png`, contentType: 'image/png', content: code.body, cid: `${ticketId}@code.boxoffice` },
    pdf: { filename: `${name}.pdf`, contentType: 'application/pdf', content: pdf.body },
  }
}
