import { createBoxofficeClient } from '@boxoffice/client'

/** Signs up, finds an event and buys two tickets; returns the message for the buyer. */
export async function buyTwo(baseUrl: string, words: string): Promise<string> {
  const session = { accessToken: '' }
  const client = createBoxofficeClient({ baseUrl, token: () => session.accessToken })

  const registered = await client.auth.register({
    body: { email: `frida-${Date.now()}@example.com`, password: 'correct horse battery', firstName: 'Frida' },
  })
  if (registered.status !== 201) return registered.body.message
  session.accessToken = registered.body.accessToken

  const found = await client.events.listEvents({ query: { query: words } })
  const [event] = found.status === 200 ? found.body.events : []
  if (!event) return 'no such event'
  const offered = await client.tickets.listTicketTypes({ query: { eventId: event.eventId } })
  const [type] = offered.status === 200 ? offered.body.ticketTypes : []
  if (!type) return 'no tickets on sale yet'

  // The client retries with the same idempotency key if the connection breaks, so the order is placed once.
  const bought = await client.payments.createOrder({
    body: {
      eventId: event.eventId,
      ticketRequests: [{ ticketTypeId: type.ticketTypeId, quantity: 2 }],
      paymentToken: 'pm_card_visa',
      holderName: 'Frida Fan',
    },
  })
  switch (bought.status) {
    case 201:
      return `paid: ${bought.body.orderNumber}, ${bought.body.totalAmount} ${bought.body.currency}`
    case 202:
      return `payment of order ${bought.body.orderNumber} is in progress`
    case 402:
      return bought.body.retryable ? 'try the card again later' : 'try another card'
    case 409:
      if (bought.body.error === 'LIMIT_EXCEEDED')
        return `you hold ${bought.body.reservationIds?.length} reservations`
      return bought.body.error === 'INSUFFICIENT_INVENTORY' ? 'sold out' : bought.body.message
    default:
      return bought.body.message
  }
}
