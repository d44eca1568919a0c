import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { EventId, TicketId, TransferId } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { createAcceptedKeys, createCodeKey, signCode, verifyCode } from '../tickets/codes.ts'
import { readClaim, signClaim } from './claim-token.ts'

const keyNamed = (kid: string) =>
  createCodeKey({
    ...(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as { kty: string }),
    kid,
  })
const [key, other] = [keyNamed('one'), keyNamed('two')]
const transferId = randomUUID() as TransferId

test('a secret names its transfer while its key is accepted, even when the key no longer signs', () => {
  const token = signClaim(transferId, key)
  expect(token).toMatch(/^[\w-]{112}$/)
  expect(readClaim(token, createAcceptedKeys(key, []))).toBe(transferId)
  expect(readClaim(token, [other, key])).toBe(transferId)
  expect(readClaim(token, [other])).toBeNull()
})

test("a changed or truncated secret is refused, like another key or a ticket's code", () => {
  const token = signClaim(transferId, key)
  const code = signCode(
    { ticketId: transferId as string as TicketId, eventId: randomUUID() as EventId, codeVersion: 1 },
    key,
  )
  const flipped = token.replace(/.(?=.{50}$)/, (letter) => (letter === 'A' ? 'B' : 'A'))
  const forged = signClaim(transferId, { ...other, keyId: key.keyId })
  for (const wrong of [
    '',
    'x',
    transferId,
    token.slice(1),
    `${token}=`,
    ` ${token}`,
    flipped,
    forged,
    code,
  ]) {
    expect(readClaim(wrong, [key]), wrong).toBeNull()
  }
  expect(verifyCode(token, [key])).toBeNull()
})
