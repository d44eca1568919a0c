import { expect, test } from 'vitest'
import type { PayloadOf } from '../notifications/payloads.ts'
import { textedTypes } from '../preferences/preference.ts'
import { textOf } from './text-message.ts'

const transfer = {
  side: 'SENT',
  eventId: '',
  ticketNumber: 'TKT-1',
  holderName: 'Zofia',
} as unknown as PayloadOf<'TICKET_TRANSFERRED'>

test.each(textedTypes)('%s fits into one text message however long the event’s name is, and is one line', (type) => {
  const text = textOf(type, 'Święto\nŚwiateł '.repeat(40), transfer as never)
  expect(text.length).toBeLessThanOrEqual(160)
  expect(text).toMatch(/^Boxoffice: [^\n]*Święto Świateł[^\n]*\.\.\.[^\n]*\.$/)
  expect(text).not.toMatch(/Zofia|TKT/)
})

test('a short name is said whole', () => {
  expect(textOf('EVENT_CANCELLED', 'Gala', {} as never)).toBe('Boxoffice: Gala is cancelled. Details are in your mailbox.')
})
