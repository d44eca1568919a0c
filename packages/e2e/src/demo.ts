import process from 'node:process'
import { formatMoney } from '@boxoffice/contracts'
import pc from 'picocolors'
import QRCode from 'qrcode'
import { loadAddresses } from './config.ts'
import { createMailReader } from './mails.ts'
import { createPerson, expectStatus, publishEvent } from './person.ts'
import { readQrOfPdf } from './qr.ts'

// A purchase beside a running system, as its people would make it: everything goes through the public API and the mailbox.

const startedAt = performance.now()
let lastAt = startedAt

/** One line for what has just happened, with the time it took. */
function show(what: string, detail = ''): void {
  const now = performance.now()
  const took = `${Math.round(now - lastAt)} ms`.padStart(8)
  lastAt = now
  console.log(`${pc.green('✔')} ${pc.dim(took)}  ${what}${detail ? `  ${pc.dim(detail)}` : ''}`)
}

try {
  const { edge, mailbox } = loadAddresses()
  await fetch(`${edge}/api/events?limit=1`).catch((cause) => {
    throw new Error(`nothing answers at ${edge}: start the system first, with npm start`, { cause })
  })

  console.log(pc.bold('\nAn organizer sells, a fan buys\n'))
  const organizer = await createPerson(edge, { firstName: 'Olga', lastName: 'Organizer' }, { organizer: true })
  show('an organizer registers', organizer.email)
  const sale = await publishEvent(organizer, {
    name: 'Midsummer Night by the River',
    quantity: 100,
    unitPrice: 4_950,
    venueName: 'Riverside Stage',
    venueAddress: 'Quay 7, Riverside',
  })
  show('makes an event, offers 100 tickets and publishes it', sale.eventId)

  const fan = await createPerson(edge, { firstName: 'Frida', lastName: 'Fan' })
  show('a fan registers', fan.email)
  const found = expectStatus(await fan.events.listEvents({ query: { query: 'midsummer river' } }), 200)
  if (!found.events.some(({ eventId }) => eventId === sale.eventId)) throw new Error('the search does not find the event')
  show('finds the event by two of its words', sale.event.name)

  const order = expectStatus(await fan.buy({ ...sale, quantity: 2 }), 201)
  show(
    'buys two tickets and pays',
    `${order.orderNumber}, ${formatMoney(order.totalAmount ?? sale.type.unitPrice, order.currency ?? 'EUR')}`,
  )
  const confirmed = await fan.waitForOrder(order.orderId, ({ status }) => status === 'CONFIRMED')
  show('the tickets are made, the order is confirmed', confirmed.tickets?.map(({ ticketNumber }) => ticketNumber).join(', '))
  const mail = await createMailReader(mailbox).waitFor(fan.email, /Midsummer/)
  show('the mail is there', `“${mail.subject}”`)
  const [pdf] = mail.attachments.filter(({ contentType }) => contentType === 'application/pdf')
  const code = pdf && (await readQrOfPdf(new Uint8Array(Buffer.from(pdf.content, 'base64'))))
  if (!code) throw new Error('no QR code can be read in the mailed PDF')
  show('its PDF has a code that can be read', pdf.filename)

  console.log(`\n${await QRCode.toString(code, { type: process.stdout.isTTY ? 'terminal' : 'utf8', small: true })}`)
  const { history } = expectStatus(await fan.payments.getOrderHistory({ params: { orderId: order.orderId } }), 200)
  console.log(pc.bold('What the order went through'))
  for (const { at, step, result } of history)
    console.log(`  ${pc.dim(at.toISOString().slice(11, 23))}  ${step.toLowerCase().padEnd(8)} ${result.toLowerCase()}`)
  console.log(`\nDone in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s. The mail: ${mailbox}`)
} catch (error) {
  console.error(`${pc.red('✘')} ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
