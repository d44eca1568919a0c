import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { EventId, TicketId } from '@boxoffice/contracts'
import { describe, expect, it } from 'vitest'
import { createCodeKey, signCode, verifyCode } from './codes.ts'

const makeKey = (kid: string) => {
  const { kty = '', ...jwk } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return createCodeKey({ ...jwk, kty, kid })
}
const key = makeKey('tickets-2026')
const content = { ticketId: randomUUID() as TicketId, eventId: randomUUID() as EventId, codeVersion: 3 }
const seat = { zoneId: 1_000_000, rowLabel: 'ABCDEFGH', colLabel: '12345678' }

describe("a ticket's code", () => {
  it('says what was signed, with the longest seat too, in under 200 characters', () => {
    for (const said of [content, { ...content, seat }]) {
      const code = signCode(said, key)
      expect(code).toMatch(/^[\w-]{100,199}$/)
      expect(verifyCode(code, [makeKey('older'), key])).toEqual(said)
    }
  })

  it('is refused when any of its bits differs', () => {
    const bytes = Buffer.from(signCode(content, key), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(verifyCode(forged.toString('base64url'), [key])).toBeNull()
    }
  })

  it('is refused when it is truncated, extended, spelt otherwise or something else altogether', () => {
    const code = signCode(content, key)
    for (let length = 0; length < code.length; length++) expect(verifyCode(code.slice(0, length), [key])).toBeNull()
    for (const text of [`${code}A`, `${code}=`, ` ${code}`, `${code}\n`, 'https://example.com', 'Ł']) {
      expect(verifyCode(text, [key])).toBeNull()
    }
  })

  it('is refused when another key signed it, under its own name or under ours', () => {
    expect(verifyCode(signCode(content, makeKey('theirs')), [key])).toBeNull()
    expect(verifyCode(signCode(content, makeKey('tickets-2026')), [key])).toBeNull()
  })
})
