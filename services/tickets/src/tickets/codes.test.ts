import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { EventId, TicketId } from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { createAcceptedKeys, createCodeKey, signCode, verifyCode } from './codes.ts'

const makeJwk = (kid: string) => {
  const { kty = '', ...jwk } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return { ...jwk, kty, kid }
}
const makeKey = (kid: string) => createCodeKey(makeJwk(kid))
const key = makeKey('tickets-2026')
const content = { ticketId: randomUUID() as TicketId, eventId: randomUUID() as EventId, codeVersion: 3 }
const seat = { zoneId: 1_000_000, rowLabel: 'ABCDEFGH', colLabel: '12345678' }

describe("a ticket's code", () => {
  test('says what was signed, with the longest seat too, in under 200 characters', () => {
    for (const said of [content, { ...content, seat }]) {
      const code = signCode(said, key)
      expect(code).toMatch(/^[\w-]{100,199}$/)
      expect(verifyCode(code, [makeKey('older'), key])).toEqual(said)
    }
  })

  test('is refused when any of its bits differs', () => {
    const bytes = Buffer.from(signCode(content, key), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(verifyCode(forged.toString('base64url'), [key])).toBeNull()
    }
  })

  test('is refused when it is truncated, extended, encoded differently or not a code', () => {
    const code = signCode(content, key)
    for (let length = 0; length < code.length; length++)
      expect(verifyCode(code.slice(0, length), [key])).toBeNull()
    for (const text of [`${code}A`, `${code}=`, ` ${code}`, `${code}\n`, 'https://example.com', 'Ł']) {
      expect(verifyCode(text, [key])).toBeNull()
    }
  })

  test('is refused when another key signed it, under its own name or under ours', () => {
    expect(verifyCode(signCode(content, makeKey('theirs')), [key])).toBeNull()
    expect(verifyCode(signCode(content, makeKey('tickets-2026')), [key])).toBeNull()
  })
})

describe('the keys whose codes admit', () => {
  test('are the one that signs and the others, each once', () => {
    const [now, then] = [makeJwk('tickets-2027'), makeJwk('tickets-2026')]
    const accepted = createAcceptedKeys(createCodeKey(now), [then, now, then])
    expect(accepted.map(({ keyId }) => keyId)).toEqual([createCodeKey(now).keyId, createCodeKey(then).keyId])
    for (const jwk of [now, then])
      expect(verifyCode(signCode(content, createCodeKey(jwk)), accepted)).toEqual(content)
    expect(verifyCode(signCode(content, makeKey('tickets-2025')), accepted)).toBeNull()
  })

  test('are refused when two have the same id, or one is of another kind', () => {
    expect(() => createAcceptedKeys(key, [makeJwk('tickets-2026')])).toThrow(
      'the kid tickets-2026 names two keys',
    )
    const { kty = '', ...other } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })
    expect(() => createAcceptedKeys(key, [{ ...other, kty, kid: 'sealing' }])).toThrow(
      'the key sealing is not Ed25519',
    )
  })
})
