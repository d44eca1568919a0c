import { createPrivateKey } from 'node:crypto'
import { compactDecrypt, type JWK } from 'jose'

/**
 * Decrypts a token that the auth service sealed for this service (a compact JWE). Rejects if it is for
 * another key.
 */
export type OpenToken = (sealedToken: string) => Promise<string>

/** Creates the opener from a private JWK on P-256 or X25519. Throws if it is not a key. */
export function createTokenOpener(privateKey: JWK): OpenToken {
  const key = createPrivateKey({ key: privateKey, format: 'jwk' })
  const algorithms = { keyManagementAlgorithms: ['ECDH-ES+A256KW'], contentEncryptionAlgorithms: ['A256GCM'] }
  return async (sealedToken) => {
    const { plaintext } = await compactDecrypt(sealedToken, key, algorithms)
    return new TextDecoder().decode(plaintext)
  }
}
