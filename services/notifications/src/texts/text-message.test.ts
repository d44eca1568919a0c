import { graphemesOf } from '@boxoffice/contracts'
import { longNames, writtenNames } from '@boxoffice/testing'
import { expect, test } from 'vitest'
import type { PayloadOf } from '../notifications/payloads.ts'
import { textedTypes } from '../preferences/preference.ts'
import { segmentsOf } from './segments.ts'
import { textOf } from './text-message.ts'

const transfer = {
  side: 'SENT',
  eventId: '',
  ticketNumber: 'TKT-1',
  holderName: 'Zofia',
} as unknown as PayloadOf<'TICKET_TRANSFERRED'>
const sayingsOf = (name: string) => textedTypes.map((type) => textOf(type, name, transfer as never))

test.each(textedTypes)('%s fits into two messages however long the event’s name is, and is one line', (type) => {
  const text = textOf(type, 'Święto\nŚwiateł '.repeat(40), transfer as never)
  expect(segmentsOf(text)).toBe(2)
  expect(text.length).toBeLessThanOrEqual(134)
  expect(text).toMatch(/^Boxoffice: [^\n]*Święto Świateł[^\n]*\.\.\.[^\n]*\.$/)
  expect(text).not.toMatch(/Zofia|TKT/)
})

test('a short name is said whole', () => {
  expect(textOf('EVENT_CANCELLED', 'Gala', {} as never)).toBe('Boxoffice: Gala is cancelled. Details are in your mailbox.')
})

test('what a network has seven bits for is sent in them', () => {
  const text = textOf('EVENT_CANCELLED', 'O’Brien’s “quiz” – Café 20 €', {} as never)
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

test.each(['https://boxoffice.example/e/1?code=123456789', 'www.boxoffice.example/gala', 'boxoffice.example/gala'])(
  'a link such as %s is said whole or not at all',
  (link) => {
    for (let before = 0; before < 330; before++) {
      for (const text of sayingsOf(`${'x'.repeat(before)} ${link} ${'y'.repeat(300)}`)) {
        if (text.includes(link)) continue
        expect(text).toContain('...')
        expect(text).not.toMatch(/ (h|w|b)\S*\.\.\./)
      }
    }
  },
)
