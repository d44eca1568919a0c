import type { OrderId, OrderPrint } from '@boxoffice/contracts'
import { CODES_MAX, orderConfirmationMail } from '../mails/order-confirmation.ts'
import type { Peers } from '../peers/peers.ts'
import {
  type Attachment,
  type Code,
  codeAttachment,
  codeOf,
  mailSizeOf,
  pdfAttachment,
} from './attachments.ts'
import { type CurrentEvent, getEvent, getOrder, type Load, type Written } from './content.ts'

export interface ConfirmationLimits {
  /** Confirmations with at least this many tickets are composed in the bulk lane. */
  bulkTicketsMin: number
  /** The maximum size of an encoded mail. */
  mailBytesMax: number
  publicUrl: string
}

/** Loads the current tickets of an order; the notification itself stores none. */
export const createConfirmationLoad =
  (peers: Peers, limits: ConfirmationLimits): Load<'ORDER_CONFIRMATION'> =>
  async ({ orderId, eventId }, { reader, bulk, isWritten }) => {
    // Includes the files if there are few tickets, so that most mails need no further call.
    const filesUpTo = isWritten ? 0 : Math.min(CODES_MAX, limits.bulkTicketsMin - 1)
    const [event, print] = await Promise.all([
      getEvent(peers, eventId),
      peers.find.print({ orderId, filesUpTo }),
    ])
    if (event.status === 'CANCELLED') return { dropped: 'EVENT_CANCELLED' }
    if (print.tickets.length === 0) return { dropped: 'TICKETS_NOT_VALID' }
    const about = { peers, limits, orderId, event, print, reader }
    return {
      facts: { event, version: print.version },
      event,
      write: async () =>
        print.tickets.length >= limits.bulkTicketsMin && !bulk ? { bulk: true } : write(about),
    }
  }

async function write(about: {
  peers: Peers
  limits: ConfirmationLimits
  orderId: OrderId
  event: CurrentEvent
  print: OrderPrint
  reader: Parameters<typeof orderConfirmationMail>[0]['reader']
}): Promise<Written | { changed: true }> {
  const { peers, limits, orderId, event, print, reader } = about
  const [order, codes, pdf] = await Promise.all([
    getOrder(peers, orderId),
    Promise.all(
      print.tickets.slice(0, CODES_MAX).map((ticket, index) => codeAt(peers, print, ticket, index)),
    ),
    print.printable ? getPdf(peers, orderId, print, limits.bulkTicketsMin) : null,
  ])
  if (pdf === 'CHANGED' || !codes.every((code): code is Code => code !== null)) return { changed: true }
  const { orderNumber, totalAmount, currency } = order
  if (totalAmount === null || currency === null) throw new Error(`order ${orderId} has tickets and no prices`)
  const tickets = print.tickets.map((ticket, index) => ({
    ...ticket,
    typeName: ticket.ticketTypeName,
    ...(codes[index] && { codeCid: codes[index].cid }),
  }))
  const mailWith = (files: readonly Attachment[]): Required<Written> => {
    const [file] = files
    const where = file ? { pdfName: file.filename } : { url: new URL('/', limits.publicUrl).href }
    const mail = orderConfirmationMail({
      reader,
      event,
      order: { orderNumber, totalAmount, currency },
      tickets,
      where,
    })
    return { mail, attachments: [...codes, ...files] }
  }
  const whole = mailWith(pdf ? [pdfAttachment(orderNumber, pdf)] : [])
  const fits = mailSizeOf([whole.mail.html, whole.mail.text], whole.attachments) <= limits.mailBytesMax
  return fits ? whole : mailWith([])
}

function codeAt(
  peers: Pick<Peers, 'tickets'>,
  { files }: OrderPrint,
  ticket: OrderPrint['tickets'][number],
  index: number,
) {
  const code = files?.codes[index]
  return code === undefined ? codeOf(peers, ticket) : codeAttachment(ticket, Buffer.from(code, 'base64'))
}

/**
 * Fetches the PDF of this version of the tickets. Large ones have their own guard, so that their failures
 * affect nothing else.
 */
async function getPdf(
  { tickets, documents }: Pick<Peers, 'tickets' | 'documents'>,
  orderId: OrderId,
  print: OrderPrint,
  bulkTicketsMin: number,
): Promise<Uint8Array | 'CHANGED'> {
  if (print.files) return Buffer.from(print.files.pdf, 'base64')
  const from = print.tickets.length >= bulkTicketsMin ? documents : tickets
  const answer = await from.getOrderPdf({ params: { orderId }, query: { version: print.version } })
  return answer.status === 200 ? answer.body : 'CHANGED'
}
