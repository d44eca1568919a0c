import { compactDecrypt, decodeProtectedHeader, exportJWK, generateKeyPair, type JWK } from 'jose'
import { expect, test } from 'vitest'
import { createMailedToken, createTokenSealer } from './mailed-token.ts'

const createKeys = async (crv: string) => {
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES+A256KW', { crv, extractable: true })
  return { publicKey: { ...(await exportJWK(publicKey)), kid: `key-${crv}` } satisfies JWK, privateKey }
}

test.each(['P-256', 'X25519'])(
  'a token sealed for a %s key opens with its private half alone',
  async (crv) => {
    const { publicKey, privateKey } = await createKeys(crv)
    const token = createMailedToken()
    const sealed = await createTokenSealer(publicKey)(token)

    expect(sealed).not.toContain(token)
    expect(decodeProtectedHeader(sealed)).toMatchObject({
      alg: 'ECDH-ES+A256KW',
      enc: 'A256GCM',
      kid: `key-${crv}`,
    })
    const { plaintext } = await compactDecrypt(sealed, privateKey)
    expect(new TextDecoder().decode(plaintext)).toBe(token)
    await expect(compactDecrypt(sealed, (await createKeys(crv)).privateKey)).rejects.toThrow()
  },
)

test('a token is 256 bits, safe in a link and never the same', () => {
  const tokens = new Set(Array.from({ length: 100 }, createMailedToken))
  expect(tokens.size).toBe(100)
  for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/)
})

test('what is no key is refused when the service starts', () => {
  expect(() => createTokenSealer({ kty: 'EC', crv: 'P-256', x: 'nonsense', y: 'nonsense' })).toThrow()
})
