import { expect, test } from 'vitest'
import { NewSeatingPlan } from '../events/seating-plan.ts'
import { NewTicketType, TicketTypeChanges } from '../tickets/ticket-type.ts'
import { hasLink, plainName } from './plain-name.ts'

const aType = { eventId: crypto.randomUUID(), unitPrice: 5, currency: 'EUR', quantity: 1 }
const aSeat = { colLabel: '1' }

test.each([
  'https://evil.example',
  'see http://x',
  'www.evil',
  'Win at evil.com',
  'EVIL.COM',
  'evil.co.uk',
  'You won at evil.example.com',
  'a.b.evil.com/x',
  'bit.ly',
  't.me/gift',
  'x.com',
  'prize。com',
  'käufer.shop now',
  'paypal.com.verify.info',
  'ada@evil.com',
  'You won: evil.ninja/prize',
  'evil.zip',
  'Go to prize.community/x',
  'prize.рф',
  'prize.xn--p1ai',
  'prize.中国',
  'evil․com/x',
  'evil.zuerich',
  'Win at evil.amsterdam',
  'evil.versicherung/x',
  'evil.Photography',
  'EVIL.ABOGADO',
  'prize.சிங்கப்பூர்',
  'go.zuerich',
  'a.berlin',
  'Prof.ninja',
  'prof.com',
  'Prof.Shop',
])('%j has a link, and is no name', (text) => {
  expect(hasLink(text)).toBe(true)
  expect(plainName(200).safeParse(text).success).toBe(false)
})

test.each([
  'Ada Kowalska',
  'J. R. R. Tolkien',
  'J.R.R. Tolkien',
  'R.E.M.',
  'Dr.No',
  'St.John',
  'Prof. Dr. med. Müller-Łukasiewicz, Jr.',
  'A.de Vries',
  "Sinéad O'Connor",
  'AC/DC',
  'N/A',
  'Жанна д’Арк',
  '山田 太郎',
  'Χ. Παπαδόπουλος',
  'Anna z domu Nowak...',
  'Doors 19.30',
  'Silvester 31.12 um 20.30',
  'v1.10',
  'Suite 2.10',
  'Св.Ян',
  'Г.Ян',
  'Św.Jó',
  'iPhone 15.10',
  'J.Berlin',
  'Nr.1',
  'Prof.Schmidt/Meier',
  'Mag.Weber',
  'Dipl.-Ing.Weber',
  'J.KIM',
  'R.Schmidt',
  'г.Москва',
  'ul.Berlińska',
  'Act II.Finale',
])('%j is a name', (text) => {
  expect(hasLink(text)).toBe(false)
  expect(plainName(200).safeParse(text).success).toBe(true)
})

test.each([
  ['a ticket type', (name: string) => NewTicketType.safeParse({ ...aType, name })],
  ['a ticket type that changes', (name: string) => TicketTypeChanges.safeParse({ name })],
  [
    'a zone',
    (name: string) =>
      NewSeatingPlan.safeParse({ zones: [{ zoneId: 1, name, rows: [{ rowLabel: 'A', seats: [aSeat] }] }] }),
  ],
])('the name of %s stands in mails, and has no link', (_, parse) => {
  expect(parse('Balcony').success).toBe(true)
  expect(parse('Win at evil.com').success).toBe(false)
})
