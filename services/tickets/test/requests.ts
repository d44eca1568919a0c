import { randomUUID } from 'node:crypto'
import type {
  EventId,
  OrderId,
  ReservationId,
  SeatId,
  TicketRequest,
  TicketTypeId,
  UserId,
} from '@boxoffice/contracts'
import type { TestService } from './start-service.ts'

export const newId = <Id extends string>() => randomUUID() as Id

/** These seats of a type, and so many of its best, as requests name them. */
export const seats = (ticketTypeId: TicketTypeId, ...seatIds: string[]) => [
  { ticketTypeId, seatIds: seatIds as SeatId[] },
]
export const best = (ticketTypeId: TicketTypeId, quantity: number) => [
  { ticketTypeId, quantity, bestAvailable: true as const },
]

/** A quantity of a type, as requests name it. */
export const some = (ticketTypeId: TicketTypeId, quantity = 1) => [{ ticketTypeId, quantity }]

/** Reserves under new ids and claims at once for a new order, as the payment service does. */
export async function reserveFor(
  { internal }: Pick<TestService, 'internal'>,
  eventId: EventId,
  ticketRequests: TicketRequest[],
) {
  const ids = { reservationId: newId<ReservationId>(), orderId: newId<OrderId>(), userId: newId<UserId>() }
  const answer = await internal.reserve({ body: { ...ids, eventId, ticketRequests } })
  return { ...ids, answer }
}
export const reserveForOrder = (setting: TestService, eventId: EventId, typeId: TicketTypeId, quantity = 1) =>
  reserveFor(setting, eventId, some(typeId, quantity))
