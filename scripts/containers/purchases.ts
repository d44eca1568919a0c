import { until } from '@boxoffice/testing'
import { type BodyOf, type BoxofficeClient, createBoxofficeClient } from '../../packages/client/src/index.ts'
import { listSentMails } from '../../packages/stack/src/seed/sent-mails.ts'

/** Longer than a lease, or the visibility of a message whose consumer was killed. */
const PATIENCE = { patienceMs: 180_000 }

export interface Login {
  readonly email: string
  readonly password: string
}
type Order = BodyOf<Awaited<ReturnType<BoxofficeClient['payments']['getOrder']>>, 200>

/** Signs the demo buyer in at `edgeUrl`, to buy there and to read their mails at `mailsUrl`. */
export async function createBuyer(urls: { edgeUrl: string; mailsUrl: string }, login: Login) {
  let token = ''
  const client = createBoxofficeClient({ baseUrl: urls.edgeUrl, token: () => token })
  const session = await client.auth.login({ body: login })
  if (session.status !== 200) throw new Error(`the demo buyer cannot sign in: ${session.body.message}`)
  token = session.body.accessToken

  const found = await client.events.listEvents({ query: { query: 'riverside festival' } })
  const [event] = found.status === 200 ? found.body.events : []
  if (!event) throw new Error('the demo festival is not on sale')
  const offered = await client.tickets.listTicketTypes({ query: { eventId: event.eventId } })
  const [type] = offered.status === 200 ? offered.body.ticketTypes : []
  if (!type) throw new Error('the demo festival sells nothing')

  return {
    /** Orders one ticket; the order's id. Retried under the same idempotency key while the system is down. */
    async order(): Promise<string> {
      const headers = { 'idempotency-key': crypto.randomUUID() }
      const body = {
        eventId: event.eventId,
        ticketRequests: [{ ticketTypeId: type.ticketTypeId, quantity: 1 }],
        paymentToken: 'pm_card_visa',
        holderName: 'Ben Buyer',
      }
      return until(async () => {
        const answer = await client.payments.createOrder({ headers, body })
        if (answer.status === 201 || answer.status === 202) return answer.body.orderId
        throw new Error(`the order was answered ${answer.status}: ${JSON.stringify(answer.body)}`)
      }, PATIENCE)
    },
    /** Resolves with the order once it is confirmed and its mail has arrived, with the tickets as PDF. */
    async confirmed(orderId: string): Promise<{ order: Order; subject: string }> {
      const order = await until(async () => {
        const answer = await client.payments.getOrder({ params: { orderId } })
        if (answer.status === 200 && answer.body.status === 'CONFIRMED') return answer.body
        throw new Error(`order ${orderId} is answered ${answer.status}: ${JSON.stringify(answer.body)}`)
      }, PATIENCE)
      const mail = await until(async () => {
        const mails = await listSentMails(urls.mailsUrl, login.email)
        const found = mails.find(({ text }) => text.includes(order.orderNumber))
        if (found?.attachments.includes('application/pdf')) return found
        throw new Error(`no mail of order ${order.orderNumber} with its tickets; there are ${mails.length}`)
      }, PATIENCE)
      return { order, subject: mail.subject }
    },
  }
}
export type Buyer = Awaited<ReturnType<typeof createBuyer>>
