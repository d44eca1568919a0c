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
import { type CurrentEvent, getEvent, getOrder, type Look, type Written } from './content.ts'

export interface ConfirmationLimits {
  /** From so many tickets on, a confirmation is written in the lane of what takes long. */
  bulkTicketsMin: number
  /** How large a mail may be as it travels. */
  mailBytesMax: number
  publicUrl: string
}

/** The tickets of an order as they are now: nothing of them is kept with the notification. */
export const createConfirmationLook =
  (peers: Peers, limits: ConfirmationLimits): Look<'ORDER_CONFIRMATION'> =>
  async ({ orderId, eventId }, { reader, bulk, isWritten }) => {
    // Of few tickets with their files: most mails need no other call for them.
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
 * The PDF of the tickets that were looked at. Large ones have a guard of their own: what becomes of them is
 * nobody else's concern.
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
