import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

const TOKEN_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

type Bytes = Uint8Array<ArrayBuffer>

/** Creates an opaque refresh token of 256 random bits. */
export const createRefreshToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url')

/** Hashes a refresh token for storage. */
export const hashRefreshToken = (token: string): Bytes =>
  new Uint8Array(createHash('sha256').update(token).digest())

/**
 * Encrypts a token's successor so that only the holder of `token` can read it: AES-256-GCM under a key
 * derived from the token by HKDF. The stored hash of the token cannot derive that key. Layout: nonce, tag,
 * ciphertext.
 */
export function sealSuccessor(token: string, successor: string): Bytes {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyOf(token), nonce)
  const ciphertext = Buffer.concat([cipher.update(successor, 'utf8'), cipher.final()])
  return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]))
}

/** Decrypts the successor sealed for `token`. Throws if it was sealed for another. */
export function openSuccessor(token: string, sealed: Uint8Array): string {
  const nonce = sealed.subarray(0, NONCE_BYTES)
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', keyOf(token), nonce, {
    authTagLength: TAG_BYTES,
  }).setAuthTag(tag)
  const ciphertext = sealed.subarray(NONCE_BYTES + TAG_BYTES)
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8')
}

const keyOf = (token: string) =>
  new Uint8Array(hkdfSync('sha256', token, '', 'boxoffice refresh successor', 32))
