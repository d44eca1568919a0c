import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { type Currency, type Minor, type TicketId, ticketsInternalRoutes } from '@boxoffice/contracts'
import { startPeer } from '@boxoffice/service-kit/testing'
import Fastify from 'fastify'

// The peers of a saga: a ticket service with unlimited tickets and a gateway that accepts every charge, both
// immediate and without a database; and for DBOS the same four calls as plain JSON. Only the saga is
// measured.
const notAsked = () => Promise.reject(new Error('not available in this benchmark'))
const price = 4_000 as Minor

const tickets = await startPeer(ticketsInternalRoutes, {
  async reserve({ body }) {
    const [request] = body.ticketRequests
    if (!request) throw new Error('the benchmark does not call this')
    return {
      status: 200,
      body: {
        reservationId: body.reservationId,
        reserved: true,
        eventId: body.eventId,
        status: 'PAYING',
        expiresAt: new Date(Date.now() + 900_000),
        tickets: [{ ticketTypeId: request.ticketTypeId, quantity: 1, unitPrice: price, totalPrice: price }],
        totalAmount: price,
        currency: 'EUR' as Currency,
      },
    }
  },
  async confirmPurchase({ body: { orderId } }) {
    const ticket = {
      ticketId: randomUUID() as TicketId,
      ticketNumber: 'TKT-2026-000001',
      qrCode: 'code',
      ticketTypeId: randomUUID() as never,
    }
    return { status: 200, body: { confirmed: true, orderId, tickets: [ticket] } }
  },
  checkAvailability: notAsked,
  findSeat: notAsked,
  getReservationInfo: notAsked,
  claimReservation: notAsked,
  releaseClaim: notAsked,
  cancelOrderTickets: notAsked,
  getTicketInfo: notAsked,
  getTicketPdfInfo: notAsked,
  getTicketQrInfo: notAsked,
  getOrderTickets: notAsked,
} as Parameters<typeof startPeer<typeof ticketsInternalRoutes>>[1])

const app = Fastify()
app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
  done(null, Object.fromEntries(new URLSearchParams(body as string))),
)
app.post<{ Body: Record<string, string> }>('/v1/payment_intents', ({ body }) => ({
  id: `pi_${randomUUID()}`,
  object: 'payment_intent',
  amount: Number(body.amount),
  currency: body.currency,
  status: 'succeeded',
  latest_charge: `ch_${randomUUID()}`,
  metadata: { orderId: body['metadata[orderId]'] },
}))
app.post<{ Params: { step: string }; Body: { orderId: string } }>('/step/:step', ({ params, body }) => ({
  step: params.step,
  orderId: body.orderId,
  reservationId: randomUUID(),
  totalAmount: 40,
  expiresAt: new Date(),
}))
await app.listen({ host: '127.0.0.1', port: 0 })
process.on('disconnect', () => process.exit(0))
process.send?.({
  result: {
    ticketsUrl: tickets.url,
    gatewayUrl: `http://127.0.0.1:${(app.server.address() as { port: number }).port}`,
  },
})
