import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { UserId } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { addressHashOf } from '../suppressions/suppression.ts'
import { createUnsubscribeTokens } from './unsubscribe-token.ts'

const keyPair = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as never
const tokens = createUnsubscribeTokens(keyPair())

test.each([
  { userId: randomUUID() as UserId, type: 'EVENT_UPDATED' as const },
  { addressHash: addressHashOf('ada@strangers.example') },
])('a token identifies who unsubscribes: %j', (who) => {
  const token = tokens.sign(who)
  expect(token).toMatch(/^[\w-]{50,99}$/)
  expect(tokens.read(token)).toEqual(who)
})

test('an invalid token is refused: changed, cut, or of another key', () => {
  const token = tokens.sign({ addressHash: addressHashOf('ada@strangers.example') })
  const other = createUnsubscribeTokens(keyPair()).sign({
    addressHash: addressHashOf('ada@strangers.example'),
  })
  for (const wrong of ['', '.', 'AAAA', token.slice(4), token.slice(0, -4), `AAAA${token}`, other]) {
    expect(tokens.read(wrong), wrong).toBeNull()
  }
})
