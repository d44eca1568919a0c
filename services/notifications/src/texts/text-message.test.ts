import { graphemesOf, type OrderId, OrderStatus } from '@boxoffice/contracts'
import { longNames, writtenNames } from '@boxoffice/testing'
import { exportJWK, generateKeyPair } from 'jose'
import { expect, test } from 'vitest'
import type { ShownEvent } from '../mails/mail.ts'
import { type TextedType, textedTypes } from '../preferences/preference.ts'
import { createOrderLinks, createOrderTokens } from '../tracking/order-token.ts'
import { segmentsOf } from './segments.ts'
import { textOf } from './text-message.ts'

const orderId = '0f8b7c1e-3f57-4f0a-9a53-0c2b7b7e1d11' as OrderId
const { privateKey } = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true })
const orderLinkOf = createOrderLinks(
  createOrderTokens(await exportJWK(privateKey)),
  'https://boxoffice.example',
)
const eventOf = (name: string): ShownEvent => ({
  name,
  eventDate: new Date('2027-07-17T17:30:00Z'),
  timeZone: 'Europe/Warsaw',
  venueName: 'Park Śląski',
  venueAddress: 'Różana 2, Chorzów',
})
/** The fields of the payloads of all types. */
const payload = {
  side: 'SENT',
  eventId: '',
  ticketNumber: 'TKT-1',
  holderName: 'Zofia',
  orderId,
  status: 'CONFIRMED',
}
const say = (type: TextedType, name: string, about: object = payload) =>
  textOf(type, eventOf(name), about as never, { orderLinkOf })
/** Types whose text names the event. */
const namingTypes = textedTypes.filter((type) => type !== 'ORDER_STATUS_CHANGED')
const sayingsOf = (name: string) => namingTypes.map((type) => say(type, name))

test.each(namingTypes)(
  '%s is one line and fits into two messages however long the event’s name is',
  (type) => {
    const text = say(type, 'Święto\nŚwiateł '.repeat(40))
    expect(segmentsOf(text)).toBe(2)
    expect(text.length).toBeLessThanOrEqual(134)
    expect(text).toMatch(/^Boxoffice: [^\n]*Święto Świateł[^\n]*\.\.\.[^\n]*\.$/)
    expect(text).not.toMatch(/Zofia|TKT/)
  },
)

test('several received tickets are one text, which names one event', () => {
  const several = { side: 'RECEIVED', newTicketId: 'a', more: ['b'] }
  expect(say('TICKET_TRANSFERRED', 'Gala', several)).toBe(
    'Boxoffice: you were given tickets, one of them for Gala. They are in your account.',
  )
  expect(say('TICKET_TRANSFERRED', 'Gala', { ...several, more: [] })).toContain(
    'you were given a ticket for Gala.',
  )
})

test('a short name is not cut', () => {
  expect(say('EVENT_CANCELLED', 'Gala')).toBe('Boxoffice: Gala is cancelled. Details are in your mailbox.')
})

test('each step of an order fits one message if the name is 7-bit', () => {
  const said = (['ORDER_CREATED', 'ORDER_CANCELLED', 'PAYMENT_PROCESSED', 'EVENT_REMINDER'] as const).map(
    (type) => say(type, 'Gala'),
  )
  expect(said).toEqual([
    'Boxoffice: we have your order for Gala. You hear from us when it is through.',
    'Boxoffice: your order for Gala is cancelled.',
    'Boxoffice: your payment for Gala went through.',
    'Boxoffice: Gala begins on Sat 17 Jul, 19:30 CEST.',
  ])
  expect(said.map(segmentsOf)).toEqual([1, 1, 1, 1])
})

test.each(OrderStatus.options)(
  'an order that is %s is one message with a complete link, whatever its event is called',
  (status) => {
    const text = say('ORDER_STATUS_CHANGED', 'Święto Świateł '.repeat(40), { ...payload, status })
    expect(text).toMatch(
      /^Boxoffice: your order is [a-z ]+\. https:\/\/boxoffice\.example\/order#token=[\w-]{43}$/,
    )
    expect(segmentsOf(text)).toBe(1)
  },
)

test('a text that fits the 7-bit alphabet is sent in it', () => {
  const text = say('EVENT_CANCELLED', 'O’Brien’s “quiz” – Café 20 €')
  expect(text).toBe(`Boxoffice: O'Brien's "quiz" - Café 20 € is cancelled. Details are in your mailbox.`)
  expect(segmentsOf(text)).toBe(1)
})

test.each([...writtenNames.map(({ typed, kept = typed }) => kept), ...longNames])(
  '%s is never cut within a character',
  (name) => {
    const long = `${name} `.repeat(60)
    for (const text of sayingsOf(long)) {
      expect(segmentsOf(text)).toBeLessThanOrEqual(2)
      expect(text.isWellFormed()).toBe(true)
      const [said = ''] = /(?<=Boxoffice: ).*?(?=\.\.\.)/su.exec(text) ?? []
      const plain = (shown: string) => shown.replace(/[‘’]/g, "'").replace(/\s+/g, ' ')
      const characters = graphemesOf(plain(said)).slice(-3).join('').trim()
      expect(graphemesOf(plain(long)).join('|')).toContain(graphemesOf(characters).join('|'))
    }
  },
)

test.each([
  'https://boxoffice.example/e/1?code=123456789',
  'www.boxoffice.example/gala',
  'boxoffice.example/gala',
])('a link such as %s is either complete or left out', (link) => {
  for (let before = 0; before < 330; before++) {
    for (const text of sayingsOf(`${'x'.repeat(before)} ${link} ${'y'.repeat(300)}`)) {
      if (text.includes(link)) continue
      expect(text).toContain('...')
      expect(text).not.toMatch(/ (h|w|b)\S*\.\.\./)
    }
  }
})
