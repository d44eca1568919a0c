import { randomUUID } from 'node:crypto'
import type { OrderId, SalesReport, ServiceKey, TicketId } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishSeatedEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { readQrOfPng } from '../src/qr.ts'
import { type TestSystem, useTestSystem } from './start.ts'

// One fact has one value: compares a purchase in every route that shows it and in every message that
// contains it.

let running: TestSystem
let organizer: Person
let buyer: Person
beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' })
})
afterAll(() => running?.expectDocumented())

type Wire = Record<string, unknown>
/** Returns the messages that a service published about an order, by type, as sent. */
async function messagesOf(service: ServiceKey, orderId: OrderId): Promise<Record<string, Wire>> {
  const client = new pg.Client({ connectionString: running.observed.databaseUrl(service) })
  await client.connect()
  try {
    const { rows } = await client.query<{ type: string; payload: Wire }>(
      `select event_type as type, body->'payload' as payload
       from (select event_type, body from outbox union select event_type, body from message_archive) published
       where body #>> '{payload,orderId}' = $1`,
      [orderId],
    )
    return Object.fromEntries(rows.map(({ type, payload }) => [type, payload]))
  } finally {
    await client.end()
  }
}

/** The order, its ticket and its event in each view: a name that several views share is one fact. */
async function readEverywhere(
  bought: { orderId: OrderId; ticketId: TicketId },
  event: { eventId: never; venueId: never },
) {
  const { orderId, ticketId } = bought
  const { eventId, venueId } = event
  const query = { eventId }
  const report = expectStatus(
    await organizer.sales.getSales({ params: { eventId }, query: {} }),
    200,
  ) as SalesReport
  const overview = expectStatus(await organizer.sales.listSales({ query: { limit: 100 } }), 200).events
  const [type] = expectStatus(await buyer.tickets.listTicketTypes({ query }), 200).ticketTypes
  const { statuses } = expectStatus(await buyer.tickets.getSeatMap({ query }), 200) as { statuses: string }
  const { attendees } = expectStatus(await organizer.tickets.listAttendees({ query }), 200) as {
    attendees: Wire[]
  }
  const [tickets, payments] = [await messagesOf('tickets', orderId), await messagesOf('payments', orderId)]
  const [issued] = (tickets.TICKETS_GENERATED?.tickets ?? []) as Wire[]
  const own = (await expectStatus(await buyer.tickets.listMyTickets({ query: {} }), 200)).tickets
  const sold = expectStatus(await organizer.v1.listSoldTickets({ query }), 200).tickets
  const orders = expectStatus(await organizer.payments.listOrders({ query }), 200).orders
  return {
    'GET /api/v1/tickets/{id}': ofSold(
      expectStatus(await buyer.v1.getSoldTicket({ params: { ticketId } }), 200),
    ),
    'GET /api/v1/tickets': ofSold(
      expectStatus(await buyer.v1.listSoldTickets({ query: {} }), 200).tickets[0] as never,
    ),
    'GET /api/v1/tickets?eventId': {
      ...ofSold(sold[0] as never),
      'tickets sold': sold.filter(isValid).length,
    },
    'GET /api/v1/tickets/count': {
      'tickets sold': expectStatus(await buyer.v1.countSoldTickets({ params: { eventId } }), 200).soldCount,
    },
    'GET /api/v1/tickets/revenue': {
      taken: expectStatus(await organizer.v1.getRevenue({ params: { venueId, eventId } }), 200).totalRevenue,
    },
    'GET /api/tickets/{id}': ofTicket(
      expectStatus(await buyer.tickets.getTicket({ params: { ticketId } }), 200),
    ),
    'GET /api/tickets/mine': ofTicket(own.find((ticket) => ticket.ticketId === ticketId) as never),
    'GET /api/tickets/attendees': {
      ...ofTicket(attendees.find((each) => each.ticketId === ticketId) as never),
      'type name': attendees[0]?.ticketTypeName,
      'checked in at': attendees[0]?.checkedInAt,
      'tickets sold': attendees.filter(isValid).length,
    },
    'GET /api/tickets/types': {
      'unit price': type?.unitPrice,
      currency: type?.currency,
      'type name': type?.name,
      capacity: type?.quantityTotal,
      'tickets sold': (type?.quantityTotal ?? 0) - (type?.quantityAvailable ?? 0),
    },
    'GET /api/tickets/seats': {
      capacity: statuses.length,
      'tickets sold': [...statuses].filter((status) => status === 's').length,
    },
    'GET /api/payments/orders/{id}': ofOrder(
      expectStatus(await buyer.payments.getOrder({ params: { orderId } }), 200),
    ),
    'GET /api/payments/orders': ofOrder(
      expectStatus(await buyer.payments.listOrders({ query: {} }), 200).orders[0] as never,
    ),
    'GET /api/payments/orders?eventId': ofOrder(orders.find((order) => order.orderId === orderId) as never),
    'GET /api/payments/orders/{id}/history': {
      'order made': expectStatus(await buyer.payments.getOrderHistory({ params: { orderId } }), 200)
        .history[0]?.at,
    },
    'GET /api/analytics/events/{id}/sales': {
      ...ofEvent(report),
      'type name': report.byType[0]?.name,
      'unit price': report.byType[0]?.unitPrice,
      currency: report.currency,
      capacity: report.totals.capacity,
      'tickets sold': report.totals.soldCount,
      taken: report.totals.revenue,
      'paid in all': report.payments.completed.amount,
    },
    'GET /api/analytics/sales': {
      ...ofEvent(overview.find((each) => each.eventId === eventId) as never),
      'tickets sold': overview.find((each) => each.eventId === eventId)?.soldCount,
    },
    'GET /api/events/{id}': ofEvent(expectStatus(await buyer.events.getEvent({ params: { eventId } }), 200)),
    TICKETS_GENERATED: {
      'ticket made': issued?.createdAt,
      'ticket number': issued?.ticketNumber,
      'type name': issued?.ticketTypeName,
      holder: issued?.holderName,
      'unit price': Math.round((issued?.unitPrice as number) * 100),
      currency: issued?.currency,
    },
    TICKET_CHECKED_IN: {
      'checked in at': tickets.TICKET_CHECKED_IN?.checkedInAt,
      'ticket number': tickets.TICKET_CHECKED_IN?.ticketNumber,
    },
    PAYMENT_COMPLETED: {
      'order number': payments.PAYMENT_COMPLETED?.orderNumber,
      holder: payments.PAYMENT_COMPLETED?.holderName,
      total: Math.round((payments.PAYMENT_COMPLETED?.totalAmount as number) * 100),
    },
    ORDER_CONFIRMED: {
      'order number': payments.ORDER_CONFIRMED?.orderNumber,
      total: Math.round((payments.ORDER_CONFIRMED?.totalAmount as number) * 100),
    },
    gateway: { total: (await running.moneyOf(orderId)).captured },
  } satisfies Record<string, Wire>
}

const isValid = ({ status }: Wire) => ['SOLD', 'ACTIVE', 'CHECKED_IN'].includes(status as string)
const ofSold = ({ createdOn, price, currency, status }: Wire) => ({
  'ticket made': createdOn,
  'unit price': price,
  currency,
  // The reference's status for a valid, unused ticket.
  'ticket status': status === 'SOLD' ? 'ACTIVE' : status,
})
const ofTicket = ({ createdAt, holderName, status, ticketNumber }: Wire) => ({
  'ticket made': createdAt,
  holder: holderName,
  'ticket status': status,
  'ticket number': ticketNumber,
})
const ofOrder = ({
  createdAt,
  totalAmount,
  currency,
  holderName,
  orderNumber,
  completedAt,
  tickets,
  items,
}: Wire) => ({
  'order made': createdAt,
  'order paid': completedAt,
  total: totalAmount,
  currency,
  holder: holderName,
  'order number': orderNumber,
  'ticket made': (tickets as Wire[])[0]?.createdAt,
  'ticket number': (tickets as Wire[])[0]?.ticketNumber,
  'unit price': (items as Wire[])[0]?.unitPrice,
})
const ofEvent = ({ name, eventDate, status, venueName, timeZone }: Wire) => ({
  'event name': name,
  'event date': eventDate,
  'event status': status,
  'venue name': venueName,
  ...(timeZone !== undefined && { 'time zone': timeZone }),
})

/** Returns the facts with several values: each value with its views. */
function disagreements(views: Record<string, Wire>): Record<string, Record<string, string[]>> {
  const facts: Record<string, Record<string, string[]>> = {}
  for (const [view, stated] of Object.entries(views)) {
    for (const [fact, value] of Object.entries(stated)) {
      facts[fact] ??= {}
      const values = facts[fact]
      const written = JSON.stringify(value) ?? 'nothing'
      values[written] = [...(values[written] ?? []), view]
    }
  }
  return Object.fromEntries(Object.entries(facts).filter(([, values]) => Object.keys(values).length > 1))
}

test('a purchase has the same values in every route and message', async () => {
  const { eventId, event } = await publishSeatedEvent(organizer, 'One fact, one value')
  const { venueId } = event
  const seat = { venueId, eventId, zoneId: 1, rowLabel: 'A', colLabel: '1' }
  const answer = expectStatus(
    await buyer.v1.buySeat({
      headers: { 'idempotency-key': randomUUID() },
      body: { ...seat, userId: buyer.userId, holderName: 'Łucja Ćwik' },
    }),
    201,
  )
  const { ticketId } = answer
  const code = readQrOfPng(expectStatus(await buyer.tickets.getTicketQr({ params: { ticketId } }), 200)) ?? ''
  const admitted = expectStatus(await organizer.tickets.checkIn({ body: { eventId, code } }), 200)
  const { price, createdOn, currency } = answer
  const answers = {
    'POST /api/v1/tickets': {
      'ticket made': createdOn,
      'unit price': price,
      total: price,
      currency,
      taken: price,
      'paid in all': price,
    },
    'POST /api/tickets/check-in': { ...ofTicket(admitted.ticket), 'checked in at': admitted.checkedInAt },
  }
  // The read side lags slightly; routes not requested yet have no cached response.
  await until(async () => {
    const { totals, payments } = expectStatus(
      await organizer.sales.getSales({ params: { eventId }, query: {} }),
      200,
    ) as SalesReport
    expect([totals.checkedInCount, payments.completed.count]).toEqual([1, 1])
  })
  const views = await readEverywhere(answer, { eventId: eventId as never, venueId: venueId as never })
  expect(disagreements({ ...answers, ...views })).toEqual({})
})
