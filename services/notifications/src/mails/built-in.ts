import type { NotificationType } from '@boxoffice/contracts'
import { accountLinkTemplate } from './account-link.ts'
import { eventCancelledTemplate } from './event-cancelled.ts'
import { eventReminderTemplate } from './event-reminder.ts'
import { eventUpdatedTemplate } from './event-updated.ts'
import { orderCancelledTemplate } from './order-cancelled.ts'
import { orderConfirmationTemplate } from './order-confirmation.ts'
import { orderContactTemplate } from './order-contact.ts'
import { orderUpdateTemplate } from './order-update.ts'
import { paymentFailedTemplate } from './payment-failed.ts'
import { paymentProcessedTemplate } from './payment-processed.ts'
import { refundProcessedTemplate } from './refund-processed.ts'
import type { Known } from './template.ts'
import { ticketOfferedTemplate } from './ticket-offered.ts'
import { ticketReceivedTemplate, ticketSentTemplate } from './ticket-transferred.ts'
import { ticketsReceivedTemplate } from './tickets-received.ts'
import { ticketsStoppedTemplate } from './tickets-stopped.ts'
import { welcomeTemplate } from './welcome.ts'

/** Our mails that operators can replace, by name, with the values that a template gets. */
export const replaceableMails: Readonly<Record<string, Known>> = {
  USER_WELCOME: welcomeTemplate.known,
  EMAIL_VERIFICATION: accountLinkTemplate.known,
  PASSWORD_RESET: accountLinkTemplate.known,
  EMAIL_CHANGE: accountLinkTemplate.known,
  EMAIL_CHANGED: accountLinkTemplate.known,
  ORDER_CONFIRMATION: orderConfirmationTemplate.known,
  PAYMENT_PROCESSED: paymentProcessedTemplate.known,
  PAYMENT_FAILED: paymentFailedTemplate.known,
  REFUND_PROCESSED: refundProcessedTemplate.known,
  ORDER_CREATED: orderUpdateTemplate.known,
  ORDER_STATUS_CHANGED: orderUpdateTemplate.known,
  ORDER_CANCELLED: orderCancelledTemplate.known,
  EVENT_UPDATED: eventUpdatedTemplate.known,
  EVENT_CANCELLED: eventCancelledTemplate.known,
  EVENT_REMINDER: eventReminderTemplate.known,
  TICKETS_STOPPED: ticketsStoppedTemplate.known,
  ORDER_CONTACT_REQUESTED: orderContactTemplate.known,
  ORDER_CONTACT_CHANGED: orderContactTemplate.known,
  TICKET_TRANSFERRED_SENT: ticketSentTemplate.known,
  TICKET_TRANSFERRED_RECEIVED: ticketReceivedTemplate.known,
  TICKET_TRANSFERRED_GATHERED: ticketsReceivedTemplate.known,
  TICKET_TRANSFERRED_OFFERED: ticketOfferedTemplate.known,
}

/**
 * Returns the name of a type's mail. Each side of a transfer has its own, and so do several received tickets.
 */
export function mailNameOf(type: NotificationType, payload: unknown): string {
  if (type !== 'TICKET_TRANSFERRED') return type
  const { side, more = [] } = payload as { side: string; more?: readonly string[] }
  return `${type}_${more.length > 0 ? 'GATHERED' : side}`
}
