import { expect, test } from 'vitest'
import { oneLine, paragraphs } from './mail.ts'

test('a line has no control characters, no line breaks of any kind and no turned directions', () => {
  expect(oneLine('Gala\r\nBcc: x\u0000\u2028y \u202egnp.exe ')).toBe('Gala Bcc: x y gnp.exe')
  expect(oneLine('Zażółć Ωδείο Łódź 🎟️')).toBe('Zażółć Ωδείο Łódź 🎟️')
})

test('a line is cut between characters', () => {
  const long = oneLine('🎟'.repeat(400))
  expect([...long]).toHaveLength(250)
  expect(long.isWellFormed()).toBe(true)
  expect(long.endsWith('…')).toBe(true)
})

test('paragraphs leave out what there is not', () => {
  expect(paragraphs('one', null, 'two')).toBe('one\n\ntwo\n')
})
