import type { VapidKeys } from '@block65/webcrypto-web-push'
import type { JWK } from 'jose'

/** The identity that push services know us by (RFC 8292). */
export interface Vapid {
  /** A point on P-256, uncompressed, in base64url; browsers subscribe with it. */
  readonly publicKey: string
  readonly keys: VapidKeys
}

/**
 * Creates the identity from a private JWK on P-256. `contact`: a mail address for operators of push services.
 * Throws for any other key.
 */
export function vapidOf({ kty, crv, x, y, d }: JWK, contact: string): Vapid {
  if (kty !== 'EC' || crv !== 'P-256' || !x || !y || !d)
    throw new Error('VAPID_PRIVATE_KEY must be a private key on P-256')
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const publicKey = point.toString('base64url')
  return { publicKey, keys: { subject: `mailto:${contact}`, publicKey, privateKey: d } }
}
