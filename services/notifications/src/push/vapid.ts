import type { VapidKeys } from '@block65/webcrypto-web-push'
import type { JWK } from 'jose'

/** By what push services know us (RFC 8292). */
export interface Vapid {
  /** A point on P-256, uncompressed, in base64url: what browsers subscribe with. */
  readonly publicKey: string
  readonly keys: VapidKeys
}

/**
 * `key`: a private JWK on P-256; `contact`: an address, for whoever runs a push service. Throws when it is
 * another key.
 */
export function vapidOf({ kty, crv, x, y, d }: JWK, contact: string): Vapid {
  if (kty !== 'EC' || crv !== 'P-256' || !x || !y || !d)
    throw new Error('VAPID_PRIVATE_KEY is no private key on P-256')
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const publicKey = point.toString('base64url')
  return { publicKey, keys: { subject: `mailto:${contact}`, publicKey, privateKey: d } }
}
