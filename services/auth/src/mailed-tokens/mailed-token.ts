import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { CompactEncrypt, type JWK } from 'jose'

const TOKEN_BYTES = 32

/** Creates a token for a mailed link: 256 random bits. */
export const createMailedToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url')

/** Hashes a token for storage. A plain hash is enough for 256 random bits. */
export const hashToken = (token: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(token).digest())

/** Encrypts a token for the notification service: a compact JWE of the token's characters. */
export type SealToken = (token: string) => Promise<string>

/**
 * Creates the sealer from a JWK on P-256 or X25519 (ECDH-ES+A256KW, A256GCM). Its kid is included, so that
 * the key can be rotated. Throws if it is not a key.
 */
export function createTokenSealer(publicKey: JWK): SealToken {
  const { kid } = publicKey
  const key = createPublicKey({ key: publicKey, format: 'jwk' })
  return async (token) =>
    new CompactEncrypt(new TextEncoder().encode(token))
      .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', ...(kid && { kid }) })
      .encrypt(key)
}
