import type { EventId, Message, MessageDefinition, OrderId, TicketId, UserId } from '@boxoffice/contracts'
import { type Sql, sideBySide, type Tx } from '@boxoffice/service-kit'
import { listOrganizersOf, putEvents, putTypes } from './catalog-repository.ts'
import { addToCounters, type Differences, lockReservations, putReservations } from './counter-repository.ts'
import { differenceOf, type EventTotals, holdsOf, refundsOf, salesOf } from './counters.ts'
import { type Facts, factsOf } from './facts.ts'
import { joinFacts, joinOrders, type OrderFacts, type OrderReplica } from './order-facts.ts'
import {
  changesBetween,
  listTicketsOf,
  lockOrders,
  type OrderChanges,
  putOrders,
} from './order-repository.ts'
import { lockPayments, putPayments } from './payment-repository.ts'
import { paymentsOf } from './payments.ts'

/** Reads that may change by a commit; an organizer's reads change whenever their event's do. */
export interface Touched {
  readonly events: Set<EventId>
  readonly users: Set<UserId>
  readonly tickets: Set<TicketId>
}
export const nothingTouched = (): Touched => ({ events: new Set(), users: new Set(), tickets: new Set() })

/**
 * Writes the facts of messages into these generations, in the caller's transaction, and adds what they affect
 * to `touched`. Order, number and repetition of messages do not matter: facts are joined by id, and counters
 * change by the difference. Rows are locked in a fixed order: the facts of each generation (orders,
 * reservations, payments, types, events, each by id), then the counters of each, which all transactions
 * compete for.
 */
export async function project(
  sql: Sql,
  generations: readonly number[],
  messages: readonly Message<MessageDefinition>[],
  touched: Touched,
): Promise<void> {
  const facts = factsOf(messages)
  const inOrder = generations.toSorted((a, b) => a - b)
  const written: { generation: number; differences: Differences }[] = []
  for (const generation of inOrder)
    written.push({ generation, differences: await projectFacts(sql, generation, facts, touched) })
  for (const organizerId of await listOrganizersOf(sql, inOrder, [...facts.about.keys()]))
    touched.users.add(organizerId)
  for (const { generation, differences } of written) await addToCounters(sql, generation, differences)
}

/** Writes facts into one generation; returns what they add to its counters. */
async function projectFacts(
  sql: Sql,
  generation: number,
  facts: Facts,
  touched: Touched,
): Promise<Differences> {
  // Each sends its locks before any is awaited, so they are taken in this order.
  const [orders, holds, payments] = await sideBySide([
    projectOrders(sql, generation, facts),
    projectReservations(sql, generation, facts),
    projectPayments(sql, generation, facts),
  ])
  const types = [...facts.types.values()].map(({ kind: _, unitPrice, ...type }) => ({
    ...type,
    unitPriceMinor: unitPrice,
  }))
  await sideBySide([putTypes(sql, generation, types), putEvents(sql, generation, [...facts.events.values()])])
  noteTouched(touched, facts, orders.changes)
  return {
    sales: differenceOf(orders.before.flatMap(salesOf), orders.after.flatMap(salesOf)),
    refunds: differenceOf(orders.before.flatMap(refundsOf), orders.after.flatMap(refundsOf)),
    payments,
    totals: totalsOf(facts, holds),
  }
}

/**
 * Adds to `touched` what messages may have affected when they were written before: at least what `project`
 * added then, since tickets pass facts on only within an order.
 */
export async function touchAgain(
  tx: Tx,
  generations: readonly number[],
  messages: readonly Message<MessageDefinition>[],
  touched: Touched,
): Promise<void> {
  const facts = factsOf(messages)
  for (const generation of generations) {
    const known = facts.orders.size > 0 ? await listTicketsOf(tx, generation, [...facts.orders.keys()]) : []
    noteTouched(touched, facts, { tickets: known })
  }
  for (const organizerId of await listOrganizersOf(tx, generations, [...facts.about.keys()]))
    touched.users.add(organizerId)
}

async function projectOrders(sql: Sql, generation: number, facts: Facts) {
  const added = [...facts.orders.values()]
  const known: ReadonlyMap<OrderId, OrderReplica> =
    added.length > 0 ? await lockOrders(sql, generation, added) : new Map()
  const before = added.map(({ order }) => known.get(order.orderId) ?? emptyCache(order))
  const after = added.map((replica, index) => joinOrders(before[index] ?? replica, replica))
  const changes: OrderChanges = { orders: [], tickets: [], refunds: [] }
  for (const [index, replica] of after.entries()) {
    const changed = changesBetween(before[index] ?? replica, replica)
    changes.orders.push(...changed.orders)
    changes.tickets.push(...changed.tickets)
    changes.refunds.push(...changed.refunds)
  }
  await putOrders(sql, generation, changes)
  return { before, after, changes }
}

const emptyCache = (order: OrderFacts): OrderReplica => ({ order, tickets: new Map(), refunds: new Map() })

async function projectReservations(sql: Sql, generation: number, facts: Facts) {
  const added = [...facts.reservations.values()]
  if (added.length === 0) return []
  const known = await lockReservations(sql, generation, added)
  const differences = known.map((before) => {
    const fact = facts.reservations.get(before.reservationId)
    const after = fact ? joinFacts(before, fact) : before
    const [was, is] = [holdsOf(before), holdsOf(after)]
    const { eventId } = after
    return {
      before,
      after,
      eventId,
      converted: is.converted - was.converted,
      released: is.released - was.released,
    }
  })
  const changed = differences.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after))
  await putReservations(
    sql,
    generation,
    changed.map(({ after }) => after),
  )
  return differences
}

async function projectPayments(sql: Sql, generation: number, facts: Facts) {
  const added = [...facts.payments.values()]
  if (added.length === 0) return []
  const before = await lockPayments(sql, generation, added)
  const after = before.map((known) => {
    const fact = facts.payments.get(known.orderId)
    return fact ? joinFacts(known, fact) : known
  })
  const changed = after.filter((payment, index) => JSON.stringify(payment) !== JSON.stringify(before[index]))
  await putPayments(sql, generation, changed)
  return differenceOf(before.flatMap(paymentsOf), after.flatMap(paymentsOf))
}

function totalsOf(
  { about }: Facts,
  holds: readonly { eventId: EventId; converted: number; released: number }[],
): EventTotals[] {
  const sums = new Map(
    [...about].map(([eventId, { asOf, currency }]) => [
      eventId,
      { eventId, converted: 0, released: 0, currency, asOf },
    ]),
  )
  for (const { eventId, converted, released } of holds) {
    const sum = sums.get(eventId)
    if (!sum) continue
    sum.converted += converted
    sum.released += released
  }
  return [...sums.values()]
}

function noteTouched(
  { events, users, tickets }: Touched,
  facts: Facts,
  changes: Pick<OrderChanges, 'tickets'>,
): void {
  for (const eventId of facts.about.keys()) events.add(eventId)
  for (const { ticketId, userId } of changes.tickets) {
    tickets.add(ticketId)
    if (userId) users.add(userId)
  }
}
