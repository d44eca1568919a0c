import process from 'node:process'
import type { BodyOf, BoxofficeClient } from '@boxoffice/client'
import { until } from '@boxoffice/testing'
import pc from 'picocolors'
import QRCode from 'qrcode'
import type { Addresses } from '../config.ts'
import { publishEvent, publishSeatedEvent } from '../events.ts'
import { createMailReader } from '../mails.ts'
import { createPerson, expectStatus, type Person } from '../person.ts'
import { readQrOfPdf, readQrOfPng } from '../qr.ts'
import { show } from './show.ts'

const payment = { paymentToken: 'pm_card_visa', holderName: 'Frida Fan' }

/** Shows a purchase from both sides, then two seats: one is checked in, one refunded. */
export async function showPurchase(addresses: Addresses): Promise<void> {
  console.log(pc.bold('\nAn organizer sells, a fan buys\n'))
  const { organizer, sale } = await showSale(addresses)
  const fan = await createPerson(addresses, { firstName: 'Frida', lastName: 'Fan' })
  show('a fan registers', fan.email)
  const orderId = await showOrder(fan, sale)
  await showMail(addresses, fan)
  await showHistory(fan, orderId)

  console.log(pc.bold('\nTwo seats: one is checked in, one is refunded\n'))
  const { eventId, order } = await showSeatPurchase(organizer, fan)
  await showCheckIn(organizer, fan, { eventId, ticketId: order.ticketIds[0] })
  await showRefund(fan, { orderId: order.orderId, ticketId: order.ticketIds[1] })
}

async function showSale(addresses: Addresses) {
  const organizer = await createPerson(
    addresses,
    { firstName: 'Olga', lastName: 'Organizer' },
    { organizer: true },
  )
  show('an organizer registers and confirms the email address', organizer.email)
  const sale = await publishEvent(organizer, {
    name: 'Midsummer Night by the River',
    quantity: 100,
    unitPrice: 4_950,
    venueName: 'Riverside Stage',
    venueAddress: 'Quay 7, Riverside',
  })
  show('the organizer creates an event, offers 100 tickets and publishes it', sale.eventId)
  return { organizer, sale }
}

/** Finds the event, buys two tickets and waits until they are issued; returns the order's id. */
async function showOrder(fan: Person, sale: Awaited<ReturnType<typeof publishEvent>>): Promise<string> {
  const { client } = fan
  const found = expectStatus(await client.events.listEvents({ query: { query: 'midsummer river' } }), 200)
  if (!found.events.some(({ eventId }) => eventId === sale.eventId))
    throw new Error('the search did not find the event')
  show('the fan finds the event by two words', sale.event.name)

  const wanted = { eventId: sale.eventId, ticketRequests: [{ ticketTypeId: sale.ticketTypeId, quantity: 2 }] }
  const order = expectStatus(await client.payments.createOrder({ body: { ...wanted, ...payment } }), 201)
  show(
    'the fan buys two tickets and pays',
    `${order.orderNumber}, ${moneyOf(order.totalAmount, order.currency)}`,
  )
  const confirmed = await waitForOrder(fan, order.orderId, ({ status }) => status === 'CONFIRMED')
  show(
    'the tickets are issued, the order is confirmed',
    confirmed.tickets?.map(({ ticketNumber }) => ticketNumber).join(', '),
  )
  return order.orderId
}

async function showMail(addresses: Addresses, fan: Person): Promise<void> {
  const mail = await createMailReader(addresses.mailbox).waitFor(
    fan.email,
    ({ body }) => body.text?.includes('Midsummer') ?? false,
  )
  show('the email arrives', `“${mail.subject}”`)
  const [pdf] = mail.attachments.filter(({ contentType }) => contentType === 'application/pdf')
  const code = pdf && (await readQrOfPdf(new Uint8Array(Buffer.from(pdf.content, 'base64'))))
  if (!code) throw new Error('no QR code could be read from the PDF in the email')
  show('its PDF contains a readable QR code', pdf.filename)

  console.log(
    `\n${await QRCode.toString(code, { type: process.stdout.isTTY ? 'terminal' : 'utf8', small: true })}`,
  )
}

async function showHistory({ client }: Person, orderId: string): Promise<void> {
  const { history } = expectStatus(await client.payments.getOrderHistory({ params: { orderId } }), 200)
  console.log(pc.bold('Steps of the order'))
  for (const { at, step, result } of history)
    console.log(`  ${pc.dim(at.slice(11, 23))}  ${step.toLowerCase().padEnd(8)} ${result.toLowerCase()}`)
}

/** Holds two seats of a small hall and pays for them. */
async function showSeatPurchase(organizer: Person, fan: Person) {
  const { client } = fan
  const play = await publishSeatedEvent(organizer, 'A Play for Two', {
    refundableUntil: new Date(Date.now() + 20 * 86_400_000),
  })
  show('the organizer adds a seating plan and sells its seats', play.eventId)
  const seatIds = ['1-A-5', '1-A-6']
  const held = expectStatus(
    await client.tickets.createReservation({
      body: { eventId: play.eventId, ticketRequests: [{ ticketTypeId: play.ticketTypeId, seatIds }] },
    }),
    201,
  )
  const { statuses } = expectStatus(
    await client.tickets.getSeatMap({ query: { eventId: play.eventId } }),
    200,
  )
  show('the fan holds seats 5 and 6 in row A', statuses)
  const { reservationId } = held
  const seated = expectStatus(await client.payments.createOrder({ body: { reservationId, ...payment } }), 201)
  const { tickets = [] } = await waitForOrder(fan, seated.orderId, ({ status }) => status === 'CONFIRMED')
  show('the fan pays for them', tickets.map(({ ticketNumber }) => ticketNumber).join(', '))
  const [used, spare] = tickets as [(typeof tickets)[number], (typeof tickets)[number]]
  const ticketIds = [used.ticketId, spare.ticketId] as const
  return { eventId: play.eventId, order: { orderId: seated.orderId, ticketIds } }
}

/** Scans the same ticket twice at the door. */
async function showCheckIn(
  organizer: Person,
  { client }: Person,
  { eventId, ticketId }: { eventId: string; ticketId: string },
): Promise<void> {
  const png = expectStatus(await client.tickets.getTicketQr({ params: { ticketId } }), 200)
  const scan = () =>
    organizer.client.tickets.checkIn({
      body: { eventId, code: readQrOfPng(png) ?? '', gate: 'Stage door' },
    })
  const { ticket } = expectStatus(await scan(), 200)
  show(
    'the first ticket is scanned at the stage door and admitted',
    `row ${ticket.seat?.rowLabel}, seat ${ticket.seat?.colLabel}`,
  )
  const again = expectStatus(await scan(), 409)
  show('the same code is refused the second time', again.error)
}

async function showRefund(
  fan: Person,
  { orderId, ticketId }: { orderId: string; ticketId: string },
): Promise<void> {
  const refund = { reason: 'I have a cold.', ticketIds: [ticketId] }
  expectStatus(await fan.client.payments.refundOrder({ params: { orderId }, body: refund }), 202)
  const back = await waitForOrder(fan, orderId, ({ refundedAmount }) => refundedAmount > 0)
  show('the second ticket is refunded', moneyOf(back.refundedAmount, back.currency))
}

type OrderOf = BodyOf<Awaited<ReturnType<BoxofficeClient['payments']['getOrder']>>, 200>

/** Waits until the order reaches the state. */
const waitForOrder = (
  { client }: Person,
  orderId: string,
  is: (order: OrderOf) => boolean,
): Promise<OrderOf> =>
  until(async () => {
    const order = expectStatus(await client.payments.getOrder({ params: { orderId } }), 200)
    if (!is(order)) throw new Error(`order ${orderId} is ${order.status}, ${order.paymentStatus}`)
    return order
  })

const moneyOf = (amount: number | null, currency: string | null): string =>
  new Intl.NumberFormat('en', { style: 'currency', currency: currency ?? 'EUR' }).format(amount ?? 0)
