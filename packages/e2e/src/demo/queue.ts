import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { formatMoney, type Minor, type OrderId, type SalesReport } from '@boxoffice/contracts'
import pc from 'picocolors'
import type { Addresses } from '../config.ts'
import { publishEvent, publishSeatedEvent } from '../events.ts'
import { createPerson, expectStatus, type Person } from '../person.ts'
import { show } from './show.ts'

/** A payment token that the gateway takes 1.2 s to charge, so that progress can be watched. */
const SLOW = 'pm_sandbox_slow_1200'
const ORDERS = 20
/** A user may have at most three holds of an event at a time. */
const FANS = 10
const prefer = { prefer: 'respond-async' }

/** Shows orders through the queue with their progress, and the read side that counts them. */
export async function showQueue(addresses: Addresses): Promise<void> {
  console.log(pc.bold('\nAn order through the queue\n'))
  const organizer = await createPerson(
    addresses,
    { firstName: 'Olga', lastName: 'Organizer' },
    { organizer: true },
  )
  const sale = await publishEvent(organizer, {
    name: 'A Rush for Tickets',
    quantity: 100,
    unitPrice: 4_950 as Minor,
  })
  show('an organizer offers 100 tickets', sale.eventId)
  const fan = await createPerson(addresses, { firstName: 'Frida', lastName: 'Fan' })
  show('a fan registers', fan.email)
  await showOrder(fan, sale)

  console.log(pc.bold(`\n${ORDERS} orders at once\n`))
  const watching = new AbortController()
  const waitForSales = watchSales(organizer, sale.eventId, watching.signal)
  const bought = await showCrowd(addresses, sale)

  console.log(pc.bold('\nOne seat\n'))
  await showSeat(organizer, fan)

  console.log(pc.bold('\nThe read side\n'))
  const sold = 3 + bought
  await waitForSales(sold)
  show('the read side has counted every ticket', `${sold}`)
  watching.abort()
  await showRevenue(organizer, fan, sale)
}

type Sale = Awaited<ReturnType<typeof publishEvent>>

/** Buys three tickets in two orders; the second goes through the queue and is renamed in the meantime. */
async function showOrder(fan: Person, sale: Sale): Promise<void> {
  const waited = expectStatus(await fan.buy({ ...sale, quantity: 1 }, { paymentToken: SLOW }), 201)
  show('the fan buys and waits; the gateway takes 1.2 s', `201, ${waited.orderNumber}`)
  const order = expectStatus(
    await fan.buy({ ...sale, quantity: 2 }, { paymentToken: SLOW, async: true }),
    202,
  )
  show('the fan buys with Prefer: respond-async', `202, ${order.orderNumber} is ${order.status}`)
  const params = { orderId: order.orderId }
  expectStatus(
    await fan.payments.updateOrder({ params, body: { holderName: 'Frida Kahlo' }, headers: prefer }),
    202,
  )
  show('the fan changes the name on the tickets through the queue', '202')
  await follow(fan, order.orderId)
  const paid = await fan.waitForOrder(order.orderId, ({ status }) => status === 'CONFIRMED')
  show(
    'the order is confirmed',
    `${paid.tickets?.map(({ ticketNumber }) => ticketNumber).join(', ')}, for ${paid.holderName}`,
  )
}

/** Buys with many fans at once; returns the number of tickets. */
async function showCrowd(addresses: Addresses, sale: Sale): Promise<number> {
  const fans = await Promise.all(
    Array.from({ length: FANS }, () => createPerson(addresses, { firstName: 'Fabian', lastName: 'Fan' })),
  )
  show(`${FANS} more fans register`)
  const fanOf = (index: number) => fans[index % FANS] as Person
  const crowd = await Promise.all(
    Array.from({ length: ORDERS }, (_, index) =>
      fanOf(index).buy({ ...sale, quantity: 1 + (index % 3) }, { async: true }),
    ),
  )
  const orderIds = crowd.map((answer) => expectStatus(answer, 202).orderId)
  show(`${ORDERS} orders are accepted`, 'the first charges are in progress')
  await Promise.all(
    orderIds.map((orderId, index) =>
      fanOf(index).waitForOrder(orderId, ({ status }) => status === 'CONFIRMED'),
    ),
  )
  show('all orders are confirmed', 'the workers processed the queue at their own pace')
  return orderIds.reduce((sum, _, index) => sum + 1 + (index % 3), 0)
}

async function showSeat(organizer: Person, fan: Person): Promise<void> {
  const play = await publishSeatedEvent(organizer, 'A Seat at the Front')
  const { venueId } = play.event
  const seat = { venueId, eventId: play.eventId, zoneId: 1, rowLabel: 'A', colLabel: '5' }
  const key = { 'idempotency-key': randomUUID() }
  const bought = expectStatus(await fan.v1.buySeat({ body: seat, headers: key }), 201)
  show('the fan buys seat 5 in row A', `${bought.ticketId}, ${formatMoney(bought.price, bought.currency)}`)
  const again = expectStatus(await fan.v1.buySeat({ body: seat }), 409)
  show('a second purchase of the seat is refused', again.error)
}

async function showRevenue(organizer: Person, fan: Person, sale: Sale): Promise<void> {
  const { totalRevenue, currency } = expectStatus(
    await organizer.v1.getRevenue({ params: { venueId: sale.event.venueId, eventId: sale.eventId } }),
    200,
  )
  show("the event's revenue, visible to its organizer only", formatMoney(totalRevenue, currency ?? 'EUR'))
  expectStatus(
    await fan.v1.getRevenue({ params: { venueId: sale.event.venueId, eventId: sale.eventId } }),
    403,
  )
  show('a fan is refused access', 'FORBIDDEN')
  const report = expectStatus(
    await organizer.sales.getSales({ params: { eventId: sale.eventId }, query: {} }),
    200,
  )
  if (report instanceof Uint8Array) throw new Error('the report is not JSON')
  printReport(report)
}

/** Prints each step of an order as it is published, until the outcome. */
async function follow(fan: Person, orderId: OrderId): Promise<void> {
  const stream = expectStatus(await fan.payments.watchOrder({ params: { orderId } }), 200)
  for await (const { at, step, result, detail, status } of stream) {
    const time = pc.dim(at.toISOString().slice(11, 23))
    const words = `${step.toLowerCase().padEnd(12)} ${result.toLowerCase().padEnd(16)}`
    console.log(`             ${time}  ${words} ${pc.dim(status)}${detail ? pc.dim(`  ${detail}`) : ''}`)
  }
}

/**
 * Prints the number sold whenever the read side publishes it. The returned function waits until that many
 * are sold, and rejects if the stream ends.
 */
function watchSales(organizer: Person, eventId: SalesReport['eventId'], signal: AbortSignal) {
  let sold = 0
  let wake = () => {}
  const watching = (async () => {
    const stream = expectStatus(
      await organizer.sales.watchSales({ params: { eventId }, query: {}, signal }),
      200,
    )
    for await (const { totals } of stream) {
      sold = totals.soldCount
      if (process.stdout.isTTY)
        process.stdout.write(`\r\u001b[K             ${pc.dim(`sold so far: ${sold}`)}\r`)
      wake()
    }
    throw new Error(`the sales stream ended at ${sold}`)
  })()
  watching.catch(() => {}) // the waiting caller gets the error
  return async (wanted: number): Promise<void> => {
    while (sold < wanted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve
      })
      await Promise.race([watching, changed])
    }
  }
}

function printReport({ name, totals, byType, holds, overTime, currency }: SalesReport): void {
  const money = (amount: Minor) => formatMoney(amount, currency ?? 'EUR')
  const share = (value: number | null) => (value === null ? '–' : `${(value * 100).toFixed(1)} %`)
  const row = (label: string, value: string) =>
    console.log(`             ${pc.dim(label.padEnd(22))}${value}`)
  console.log(`\n             ${pc.bold(name)}`)
  row('sold', `${totals.soldCount} of ${totals.capacity ?? '?'}, ${share(totals.sellThrough)}`)
  row('revenue', money(totals.revenue))
  row(
    'holds converted',
    `${holds.converted} of ${holds.converted + holds.released}, ${share(holds.conversion)}`,
  )
  for (const type of byType)
    row(
      type.name ?? type.ticketTypeId,
      `${type.soldCount} at ${type.unitPrice === null ? '?' : money(type.unitPrice)}`,
    )
  for (const { from, issuedCount, revenue } of overTime)
    row(`${from.toISOString().slice(0, 13)} h`, `${issuedCount} for ${money(revenue)}`)
}
