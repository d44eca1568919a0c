import { expect, test } from 'vitest'
import { createRefreshToken, hashRefreshToken, openSuccessor, sealSuccessor } from './refresh-token.ts'

test('a successor opens with the token it was sealed for, and with nothing else that is kept', () => {
  const [token, successor] = [createRefreshToken(), createRefreshToken()]
  const sealed = sealSuccessor(token, successor)
  expect(openSuccessor(token, sealed)).toBe(successor)
  expect(() => openSuccessor(createRefreshToken(), sealed)).toThrow()
  expect(() => openSuccessor(Buffer.from(hashRefreshToken(token)).toString('base64url'), sealed)).toThrow()
  expect(() => openSuccessor(successor, sealed)).toThrow()
})

test('a sealed successor shows nothing of it, and one that was touched does not open', () => {
  const [token, successor] = [createRefreshToken(), createRefreshToken()]
  const sealed = sealSuccessor(token, successor)
  expect(Buffer.from(sealed).includes(successor)).toBe(false)
  expect(Buffer.from(sealed).includes(Buffer.from(successor, 'base64url'))).toBe(false)
  sealed.set([(sealed.at(-1) ?? 0) ^ 1], sealed.length - 1)
  expect(() => openSuccessor(token, sealed)).toThrow()
})

test('a refresh token is 256 bits and never the same', () => {
  const tokens = new Set(Array.from({ length: 100 }, createRefreshToken))
  expect(tokens.size).toBe(100)
  for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/)
})
