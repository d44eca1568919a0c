import { randomUUID } from 'node:crypto'
import type { OrderId } from '@boxoffice/contracts'
import { exportJWK, generateKeyPair } from 'jose'
import { expect, test } from 'vitest'
import { createOrderLinks, createOrderTokens } from './order-token.ts'

const newTokens = async () => {
  const { privateKey } = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true })
  return createOrderTokens(await exportJWK(privateKey))
}
const tokens = await newTokens()

test('a token identifies its order, and fits into a text message with its link', () => {
  const orderId = randomUUID() as OrderId
  const token = tokens.sign(orderId)
  expect(tokens.read(token)).toBe(orderId)
  expect(token).toMatch(/^[\w-]{43}$/)
  expect(createOrderLinks(tokens, 'https://boxoffice.example')(orderId)).toBe(
    `https://boxoffice.example/order#token=${token}`,
  )
})

test('an invalid token is refused: cut, changed, of another key, or of another kind', async () => {
  const token = tokens.sign(randomUUID() as OrderId)
  const changed = Buffer.from(token, 'base64url')
  changed.writeUInt8(changed.readUInt8(3) ^ 1, 3)
  const others = ['', 'x', token.slice(0, -4), `${token}AAAA`, changed.toString('base64url')]
  for (const other of others) expect(tokens.read(other)).toBeNull()
  expect((await newTokens()).read(token)).toBeNull()
})
