import { expect, test } from 'vitest'
import { judge, type ShownToken, type Verdict } from './judge.ts'

const now = new Date('2026-11-21T12:00:00Z')
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000)
const fresh: ShownToken = { expiresAt: ago(-60), usedAt: null, familyRevokedAt: null }

test.each<[string, Partial<ShownToken>, Verdict]>([
  ['unused', {}, 'ROTATE'],
  ['unused and at its end', { expiresAt: now }, 'EXPIRED'],
  ['unused, of a session that was ended', { familyRevokedAt: ago(1) }, 'REVOKED'],
  ['used a moment ago', { usedAt: ago(9.999) }, 'REPEAT'],
  ['used at this very moment by another', { usedAt: now }, 'REPEAT'],
  ['used by an instance whose clock is ahead', { usedAt: ago(-1) }, 'REPEAT'],
  ['used when the grace is just over', { usedAt: ago(10) }, 'REUSED'],
  ['used a moment ago, of a session that was ended', { usedAt: ago(2), familyRevokedAt: ago(1) }, 'REUSED'],
])('a refresh token that is %s', (_, shown, verdict) => {
  expect(judge({ ...fresh, ...shown }, now, 10_000)).toBe(verdict)
})

test('without a grace a used token is never given its successor again', () => {
  expect(judge({ ...fresh, usedAt: now }, now, 0)).toBe('REUSED')
})
