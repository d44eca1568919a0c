import { createPrivateKey } from 'node:crypto'
import { compactDecrypt, type JWK } from 'jose'

/**
 * Opens a token that the auth service sealed for us alone (a compact JWE). Rejects when it is not for our
 * key.
 */
export type OpenToken = (sealedToken: string) => Promise<string>

/** `privateKey`: a JWK on P-256 or X25519. Throws when it is no key. */
export function createTokenOpener(privateKey: JWK): OpenToken {
  const key = createPrivateKey({ key: privateKey, format: 'jwk' })
  const algorithms = { keyManagementAlgorithms: ['ECDH-ES+A256KW'], contentEncryptionAlgorithms: ['A256GCM'] }
  return async (sealedToken) => {
    const { plaintext } = await compactDecrypt(sealedToken, key, algorithms)
    return new TextDecoder().decode(plaintext)
  }
}
