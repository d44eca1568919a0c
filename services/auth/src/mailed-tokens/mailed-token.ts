import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { CompactEncrypt, type JWK } from 'jose'

const TOKEN_BYTES = 32

/** A new token for a mail: 256 bits, safe in a link. */
export const createMailedToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url')

/** What is kept of a token. A plain hash will do: there is nothing to guess in 256 random bits. */
export const hashToken = (token: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(token).digest())

/** Seals a token for the notification service: a compact JWE whose plaintext is the token's characters. */
export type SealToken = (token: string) => Promise<string>

/**
 * `publicKey`: a JWK on P-256 or X25519 (ECDH-ES+A256KW, A256GCM); its kid goes along so that it can be
 * replaced. Throws when it is no key.
 */
export function createTokenSealer(publicKey: JWK): SealToken {
  const { kid } = publicKey
  const key = createPublicKey({ key: publicKey, format: 'jwk' })
  return async (token) =>
    new CompactEncrypt(new TextEncoder().encode(token))
      .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', ...(kid && { kid }) })
      .encrypt(key)
}
