import type { EventId, TicketTypeId } from '@boxoffice/contracts'
import type { Buyer } from '../crowd.ts'
import type { RequestTemplate } from '../load/template.ts'
import { type Hall, scattered } from '../venue.ts'

const RESERVATIONS = '/api/tickets/reservations'
const signedIn = { authorization: 'Bearer {{token}}' }
const tokensOf = (buyers: readonly Buyer[]) => buyers.map(({ token }) => token)

/** Holds another seat as another buyer in each request. */
export function holdSeat(
  baseUrl: string,
  { eventId, types }: Hall,
  buyers: readonly Buyer[],
): RequestTemplate {
  const seats = scattered(
    types.flatMap(({ ticketTypeId, seatIds }) => seatIds.map((seatId) => ({ ticketTypeId, seatId }))),
  )
  return {
    method: 'POST',
    url: `${baseUrl}${RESERVATIONS}`,
    headers: signedIn,
    body: `{"eventId":"${eventId}","ticketRequests":[{"ticketTypeId":"{{type}}","seatIds":["{{seat}}"]}]}`,
    columns: {
      token: tokensOf(buyers),
      type: seats.map(({ ticketTypeId }) => ticketTypeId),
      seat: seats.map(({ seatId }) => seatId),
    },
  }
}

/** Holds one place of a general type, or the best seat of a seated one. */
export const holdOne = (
  baseUrl: string,
  { eventId, ticketTypeId }: { eventId: EventId; ticketTypeId: TicketTypeId },
  buyers: readonly Buyer[],
  best = false,
): RequestTemplate => ({
  method: 'POST',
  url: `${baseUrl}${RESERVATIONS}`,
  headers: signedIn,
  body: JSON.stringify({
    eventId,
    ticketRequests: [{ ticketTypeId, quantity: 1, ...(best && { bestAvailable: true }) }],
  }),
  columns: { token: tokensOf(buyers) },
})

/** The same request for the bare server. */
export const holdBare = (url: string, eventId: string, seatIds: readonly string[]): RequestTemplate => ({
  method: 'POST',
  url,
  body: `{"eventId":"${eventId}","seat":"{{seat}}","userId":"{{uuid}}"}`,
  columns: { seat: seatIds },
})
