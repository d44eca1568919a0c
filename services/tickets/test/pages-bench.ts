import process from 'node:process'
import type { Currency, EventId, Minor } from '@boxoffice/contracts'
import { type PrintedTicket, ticketsPdf } from '../src/tickets/pdf.ts'
import { clearFonts } from '../src/typesetting/fonts.ts'

/**
 * Measures the cost of pages in its own process: one line of JSON per round, in milliseconds of CPU per page.
 * Run by `npm run bench`.
 */
const [, , rounds = '9', pagesOfMany = '20'] = process.argv
const MANY = Number(pagesOfMany)
const WARM_UPS = 6

const pageOf = (index: number): PrintedTicket => ({
  ticket: {
    ticketNumber: `TKT-2026-${String(index).padStart(6, '0')}`,
    holderName: 'Łucja Ćwiklińska-Źdźbło',
    unitPrice: 5_000 as Minor,
    currency: 'PLN' as Currency,
    createdAt: new Date('2026-11-21T10:00:00Z'),
  },
  event: {
    eventId: '11111111-1111-4111-8111-111111111111' as EventId,
    name: 'Ωδείο Ηρώδου: Noc Łódzka',
    eventDate: new Date('2027-06-18T22:30:00Z'),
    timeZone: 'Europe/Warsaw',
    venueName: 'Klub Wytwórnia',
    venueAddress: 'ul. Łąkowa 29, Łódź',
  },
  typeName: 'Upper tier',
  seat: { section: 'Upper tier', rowLabel: 'B', colLabel: String(index + 1) },
  // As long as a real code and different each time, so that no work of an earlier page helps.
  code: Buffer.from(Array.from({ length: 112 }, (_, byte) => (byte * 37 + next++ * 101) % 256)).toString(
    'base64url',
  ),
})
let next = 0
const pages = (count: number) => Array.from({ length: count }, (_, index) => pageOf(index))

/** The former way: a document for each ticket, which reads and parses its fonts. */
async function before(count: number): Promise<void> {
  for (const page of pages(count)) {
    clearFonts()
    await ticketsPdf([page])
  }
}
const now = (count: number) => ticketsPdf(pages(count))

async function cpuMsOfPage(count: number, print: (count: number) => Promise<unknown>): Promise<number> {
  const from = process.cpuUsage()
  await print(count)
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1_000 / count
}

/** Several documents of one page each: a single one is too short to measure. */
async function alone(print: (count: number) => Promise<unknown>): Promise<number> {
  let sum = 0
  for (let times = 0; times < MANY; times++) sum += await cpuMsOfPage(1, print)
  return sum / MANY
}

for (let times = 0; times < WARM_UPS; times++) {
  await before(2)
  await now(MANY)
  await alone(now)
}
for (let round = 0; round < Number(rounds); round++) {
  const line = {
    before: await cpuMsOfPage(MANY, before),
    many: await cpuMsOfPage(MANY, now),
    alone: await alone(now),
  }
  console.log(JSON.stringify(line))
}
