import { expect, test } from 'vitest'
import { cursorFields, defineCursor } from './cursor.ts'
import { RefusedError } from './refusal.ts'

const list = defineCursor({ at: cursorFields.instant, id: cursorFields.id, rank: cursorFields.rank })
const last = {
  at: new Date('2026-12-01T18:30:00.125Z'),
  id: '8d2f7a52-7f0f-4c7e-9a58-0f4b4dd1c001',
  rank: 0.61,
}
const written = (json: string) => Buffer.from(json).toString('base64url')

test('a cursor holds the position that it was made of, and nothing else of the row', () => {
  const { page, nextCursor } = list.pageOf([{ ...last, name: 'secret' }, last], 1, (row) => row)
  expect(page).toHaveLength(1)
  expect(list.decode(nextCursor as string)).toEqual(last)
  expect(Buffer.from(nextCursor as string, 'base64url').toString()).not.toContain('secret')
})

test('the last page has no cursor, and no cursor means the first page', () => {
  expect(list.pageOf([last], 1, (row) => row).nextCursor).toBeNull()
  expect(list.decode(undefined)).toBeNull()
})

const good = { at: '2026-12-01T18:30:00.125Z', id: last.id, rank: 0.61 }
test.each<[string, unknown]>([
  ['the year zero', { ...good, at: '0000-01-01T00:00:00Z' }],
  ['a year that JavaScript supports and PostgreSQL does not', { ...good, at: '+275760-09-13T00:00:00.000Z' }],
  ['a year that ends in another', { ...good, at: '9999-12-31T23:59:59-01:00' }],
  ['an impossible date', { ...good, at: '2026-02-30T00:00:00Z' }],
  ['a number instead of a time', { ...good, at: 1e15 }],
  ['true instead of a time', { ...good, at: true }],
  ['null instead of a time', { ...good, at: null }],
  ['an id with a NUL', { ...good, id: `${last.id}\u0000` }],
  ['an id that is SQL', { ...good, id: "' or 1=1 --" }],
  ['a list of ids', { ...good, id: [last.id] }],
  ['a rank as text', { ...good, rank: '0.61' }],
  ['a rank below zero', { ...good, rank: -1 }],
  ['nothing', {}],
  ['null', null],
  ['a list', [good]],
])('%s in a cursor is a 400', (_, position) => {
  expect(() => list.decode(written(JSON.stringify(position)))).toThrow(RefusedError)
})

test.each([
  [
    'an infinite rank',
    '{"at":"2026-12-01T18:30:00Z","id":"8d2f7a52-7f0f-4c7e-9a58-0f4b4dd1c001","rank":1e400}',
  ],
  ['no JSON', '<xml/>'],
  ['truncated JSON', '{"at":'],
])('%s is a 400', (_, json) => {
  expect(() => list.decode(written(json))).toThrow(RefusedError)
})
