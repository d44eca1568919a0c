import { randomUUID } from 'node:crypto'
import type { ContactChangeId } from '@boxoffice/contracts'
import { exportJWK, generateKeyPair } from 'jose'
import { expect, test } from 'vitest'
import { createContactLinks, createContactTokens } from './contact-token.ts'

const newTokens = async () => {
  const { privateKey } = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true })
  return createContactTokens(await exportJWK(privateKey))
}
const tokens = await newTokens()

test('a token is bound to its change and purpose, and follows the # of its link', () => {
  const changeId = randomUUID() as ContactChangeId
  for (const purpose of ['CONFIRM', 'UNDO'] as const) {
    const token = tokens.sign(purpose, changeId)
    expect(tokens.read(purpose, token)).toBe(changeId)
    expect(tokens.read(purpose === 'UNDO' ? 'CONFIRM' : 'UNDO', token)).toBeNull()
  }
  const link = createContactLinks(tokens, 'https://boxoffice.example')
  expect(link('CONFIRM', changeId)).toBe(
    `https://boxoffice.example/order/contact#token=${tokens.sign('CONFIRM', changeId)}`,
  )
  expect(link('UNDO', changeId)).toBe(
    `https://boxoffice.example/order/contact/undo#token=${tokens.sign('UNDO', changeId)}`,
  )
})

test('an invalid token is refused: cut, changed, or of another key', async () => {
  const token = tokens.sign('CONFIRM', randomUUID() as ContactChangeId)
  const changed = Buffer.from(token, 'base64url')
  changed.writeUInt8(changed.readUInt8(3) ^ 1, 3)
  const others = ['', 'x', token.slice(0, -4), `${token}AAAA`, changed.toString('base64url')]
  for (const other of others) expect(tokens.read('CONFIRM', other)).toBeNull()
  expect((await newTokens()).read('CONFIRM', token)).toBeNull()
})
