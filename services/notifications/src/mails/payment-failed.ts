import type { Currency, FailureReason, Minor } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { moneyOf } from './formats.ts'
import { card, frame, labelled, paragraph, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface PaymentFailed {
  reader: Reader
  event: ShownEvent
  orderNumber: string
  failureReason: FailureReason
  /** The event has been cancelled since, so there is no point in trying again. */
  isOver: boolean
  /** null if the order never had prices. */
  total: { amount: Minor; currency: Currency } | null
}

const reasons: Record<FailureReason, string> = {
  INSUFFICIENT_INVENTORY: 'There were not enough tickets left.',
  RESERVATION_EXPIRED: 'Your reservation had expired before it was paid.',
  INSUFFICIENT_FUNDS: 'Your bank declined the payment: there was not enough money on the card.',
  CARD_DECLINED: 'Your bank declined the payment.',
  AUTHENTICATION_REQUIRED: 'Your bank asked you to confirm the payment, and that was not completed.',
  PAYMENT_TIMEOUT: 'We had no answer about the payment in time.',
  EVENT_CANCELLED: 'The event was cancelled.',
  SYSTEM_ERROR: 'Something went wrong on our side.',
  SEATS_TAKEN: 'Someone else was faster with these seats.',
  SALES_CLOSED: 'Sales for these tickets are closed.',
  LIMIT_EXCEEDED: 'This was more tickets than one person may buy.',
  EVENT_NOT_ON_SALE: 'The event is not on sale.',
  PRICE_CHANGED: 'The price was no longer the one you saw.',
  PAYMENT_TOKEN_REQUIRED: 'These tickets cost something, and no means of payment was given.',
}
/** Failures after which an unknown charge is refunded. */
const unsure: readonly FailureReason[] = ['PAYMENT_TIMEOUT', 'SYSTEM_ERROR']
/** Failures before tickets were held, so that none are released. */
const neverHeld: readonly FailureReason[] = [
  'INSUFFICIENT_INVENTORY',
  'RESERVATION_EXPIRED',
  'SEATS_TAKEN',
  'SALES_CLOSED',
  'LIMIT_EXCEEDED',
  'EVENT_NOT_ON_SALE',
]
/** Failures after which the tickets can still be bought. */
const payable: readonly FailureReason[] = [
  'INSUFFICIENT_FUNDS',
  'CARD_DECLINED',
  'AUTHENTICATION_REQUIRED',
  'PAYMENT_TIMEOUT',
  'PAYMENT_TOKEN_REQUIRED',
  'SYSTEM_ERROR',
]
/** Failures before the payment was tried. */
const unpaid: readonly FailureReason[] = [
  ...neverHeld,
  'EVENT_CANCELLED',
  'PRICE_CHANGED',
  'PAYMENT_TOKEN_REQUIRED',
]

export const paymentFailedTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${title('Your {{what}} did not go through')}
        ${paragraph('Hi {{firstName}}, we could not complete your order for {{eventName}}. {{why}}')}
        ${paragraph('{{money}}')}
        ${paragraph('{{next}}')}`)}
      ${whenAndWhere()}
      ${section(labelled('Order', '{{orderNumber}}') + each('totals', labelled('Total', '{{total}}')))}`),
  ),
)

/** The mail about an order that failed: why, whether money moved, and what to do. */
export function paymentFailedMail(failed: PaymentFailed): Mail {
  const { reader, event, orderNumber, failureReason, isOver } = failed
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const why = reasons[failureReason]
  const money = unsure.includes(failureReason)
    ? 'Should your bank show a charge for it, it will be given back in full; you need not do anything.'
    : 'You have not been charged.'
  const next =
    isOver && failureReason !== 'EVENT_CANCELLED'
      ? 'The event itself has been cancelled since.'
      : payable.includes(failureReason)
        ? 'The tickets are free again, and you are welcome to try again, perhaps with another card.'
        : neverHeld.includes(failureReason)
          ? 'No tickets are held for it.'
          : 'The tickets you had chosen are free again.'
  const what = unpaid.includes(failureReason) ? 'order' : 'payment'
  const total = failed.total && moneyOf(failed.total.amount, failed.total.currency, reader.locale)
  const subject = oneLine(`Your ${what} for ${about.eventName} did not go through`)
  const values = {
    ...about,
    subject,
    preview: `${why} ${money}`,
    reason: `You get this mail because you ordered tickets at Boxoffice (${orderNumber}).`,
    firstName,
    what,
    why,
    money,
    next,
    orderNumber,
    totals: total === null ? [] : [{ total }],
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `We could not complete your order for ${about.eventName}. ${why}`,
    `${money} ${next}`,
    eventLines(event, reader.locale),
    `Order: ${orderNumber}${total === null ? '' : `\nTotal: ${total}`}`,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: paymentFailedTemplate(values), text, values }
}
