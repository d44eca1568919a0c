import type {
  Message,
  MessageDefinition,
  paymentCompleted,
  paymentFailed,
  refundProcessed,
  reservationReleased,
  ticketCancelled,
  ticketCheckedIn,
  ticketsGenerated,
} from '@boxoffice/contracts'

const hourOf = (at: Date) => new Date(at.toISOString().replace(/:\d\d:\d\d\.\d+Z$/, ':00:00.000Z'))

/**
 * The counters by counting a whole history at once, in its order and from what it says alone: nothing of the
 * projection is used.
 */
export function recount(history: readonly Message<MessageDefinition>[]) {
  const of = <D extends MessageDefinition>(eventType: D['eventType']) =>
    history.filter((message) => message.eventType === eventType) as Message<D>[]
  const issued = of<typeof ticketsGenerated>('TICKETS_GENERATED')
  const venues = new Map(issued.map(({ payload }) => [payload.orderId, payload.venueId]))
  const prices = new Map(
    issued.flatMap(({ payload }) => payload.tickets.map((ticket) => [ticket.ticketId, ticket] as const)),
  )

  const sales = new Map<string, Record<string, unknown>>()
  const sell = (orderId: string, eventId: string, typeId: string, at: Date, what: Record<string, number>) => {
    const row = {
      event_id: eventId,
      venue_id: venues.get(orderId as never),
      ticket_type_id: typeId,
      hour: hourOf(at),
    }
    const key = JSON.stringify(row)
    const sum = sales.get(key) ?? {
      ...row,
      issued: 0,
      gross_minor: 0,
      cancelled: 0,
      refunded_minor: 0,
      checked_in: 0,
    }
    for (const [field, value] of Object.entries(what)) sum[field] = (sum[field] as number) + value
    sales.set(key, sum)
  }
  for (const { timestamp, payload } of issued) {
    for (const { ticketTypeId, unitPrice } of payload.tickets) {
      sell(payload.orderId, payload.eventId, ticketTypeId, timestamp, { issued: 1, gross_minor: unitPrice })
    }
  }
  for (const { timestamp, payload } of of<typeof ticketCancelled>('TICKET_CANCELLED')) {
    sell(payload.orderId, payload.eventId, payload.ticketTypeId, timestamp, { cancelled: 1 })
  }
  for (const { payload } of of<typeof ticketCheckedIn>('TICKET_CHECKED_IN')) {
    sell(payload.orderId, payload.eventId, payload.ticketTypeId, payload.checkedInAt, { checked_in: 1 })
  }
  const refunds = new Map<string, { refunds: number; refunded_minor: number }>()
  for (const { timestamp, payload } of of<typeof refundProcessed>('REFUND_PROCESSED')) {
    const venueId = venues.get(payload.orderId)
    if (!venueId) continue
    const row = { event_id: payload.eventId, venue_id: venueId, hour: hourOf(timestamp) }
    const sum = refunds.get(JSON.stringify(row)) ?? { ...row, refunds: 0, refunded_minor: 0 }
    sum.refunds++
    sum.refunded_minor += payload.refundAmount
    refunds.set(JSON.stringify(row), sum)
    for (const ticketId of payload.ticketIds ?? []) {
      const ticket = prices.get(ticketId)
      if (ticket)
        sell(payload.orderId, payload.eventId, ticket.ticketTypeId, timestamp, {
          refunded_minor: ticket.unitPrice,
        })
    }
  }
  const totals = new Map<string, { converted: number; released: number; as_of: Date }>()
  const converted = new Set(issued.map(({ payload }) => payload.reservationId))
  const released = new Map(
    of<typeof reservationReleased>('RESERVATION_RELEASED').map(({ payload }) => [
      payload.reservationId,
      payload.eventId,
    ]),
  )
  for (const { timestamp, payload } of history as Message<typeof ticketsGenerated>[]) {
    const { eventId } = payload
    const ofNoOrder = [...released].filter(([id, event]) => event === eventId && !converted.has(id)).length
    const ofEvent = issued.filter((message) => message.payload.eventId === eventId).length
    totals.set(eventId, { converted: ofEvent, released: ofNoOrder, as_of: timestamp })
  }
  const payments = new Map<
    string,
    { event_id: string; outcome: string; payments: number; amount_minor: number }
  >()
  const pay = (event_id: string, outcome: string, amount: number) => {
    const sum = payments.get(`${event_id} ${outcome}`) ?? { event_id, outcome, payments: 0, amount_minor: 0 }
    sum.payments++
    sum.amount_minor += amount
    payments.set(`${event_id} ${outcome}`, sum)
  }
  for (const { payload } of of<typeof paymentCompleted>('PAYMENT_COMPLETED'))
    pay(payload.eventId, 'COMPLETED', payload.totalAmount)
  for (const { payload } of of<typeof paymentFailed>('PAYMENT_FAILED')) {
    pay(payload.eventId, payload.failureReason, payload.totalAmount ?? 0)
  }
  return {
    sales: [...sales.values()],
    refunds: [...refunds.values()],
    payments: [...payments.values()],
    totals,
  }
}
