/** Explains to a buyer why an order was undone; null for codes that mean nothing to them. */
export function whyUndone(reason: string): string | null {
  switch (reason) {
    case 'EVENT_CANCELLED':
      return 'The event was cancelled.'
    case 'INSUFFICIENT_INVENTORY':
    case 'RESERVATION_NOT_FOUND':
      return 'Your tickets were no longer free when your payment arrived. We are sorry.'
    case 'NOT_CLAIMED':
    case 'CANNOT_BE_ISSUED':
    case 'TICKETS_NOT_ISSUED':
      return 'Your tickets could not be made. We are sorry.'
    case 'PAYMENT_TIMEOUT':
      return 'Your payment arrived after the order had been given up.'
    case 'CANCELLED_BY_BUYER':
      return 'You cancelled it before it was paid.'
    default:
      return null
  }
}
