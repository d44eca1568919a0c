import { expect, test } from 'vitest'
import { oneLine, paragraphs, plainLine } from './mail.ts'

test('a line has no control characters, no line breaks of any kind and no overridden directions', () => {
  expect(oneLine('Gala\r\nBcc: x\u0000\u2028y \u202egnp.exe ')).toBe('Gala Bcc: x y gnp.exe')
  expect(oneLine('Zażółć Ωδείο Łódź 🎟️')).toBe('Zażółć Ωδείο Łódź 🎟️')
})

test('right-to-left text is isolated once, so that the sentence around it stays in order', () => {
  const name = oneLine('דוד כהן 2026 (AC/DC)')
  expect(name).toBe('\u2068דוד כהן 2026 (AC/DC)\u2069')
  const subject = oneLine(`Your ticket for ${name}`)
  expect(subject).toBe('Your ticket for \u2068דוד כהן 2026 (AC/DC)\u2069')
  expect(oneLine(subject)).toBe(subject)
  expect(plainLine(subject)).toBe('Your ticket for דוד כהן 2026 (AC/DC)')
  for (const text of ['山田 太郎', 'สมชาย ใจดี', 'अमित शर्मा', 'Nguyễn Thị Ánh', '김민수', 'Łukasz'])
    expect(oneLine(text)).toBe(text)
})

test('an unbalanced isolate is removed', () => {
  expect(oneLine('a\u2068b')).toBe('ab')
  expect(oneLine('a\u2069b\u2068c\u2069')).toBe('abc')
  expect(oneLine(`\u2068${'م'.repeat(400)}\u2069`)).toBe(`\u2068${'م'.repeat(248)}…\u2069`)
})

test('a line is cut between characters', () => {
  const long = oneLine('🎟'.repeat(400))
  expect([...long]).toHaveLength(250)
  expect(long.isWellFormed()).toBe(true)
  expect(long.endsWith('…')).toBe(true)
})

test('paragraphs leave out null', () => {
  expect(paragraphs('one', null, 'two')).toBe('one\n\ntwo\n')
})
