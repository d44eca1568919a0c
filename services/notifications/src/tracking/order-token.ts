import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { OrderId } from '@boxoffice/contracts'
import type { JWK } from 'jose'

export interface OrderTokens {
  /** base64url, 43 characters: it has to fit into a text message. */
  sign(orderId: OrderId): string
  /** null for what is none of ours. */
  read(token: string): OrderId | null
}

const ID_BYTES = 16
// The order's id · HMAC-SHA256 of that, its first 16 bytes
const MAC_BYTES = 16

/**
 * Tokens of links that show where an order stands, and open nothing else. They are good for as long as the
 * key is, which is made of the one that opens sealed tokens (HKDF), for nothing else. Throws when that has no
 * private half.
 */
export function createOrderTokens({ d }: JWK): OrderTokens {
  if (!d) throw new Error('the key has no private half')
  const key = new Uint8Array(hkdfSync('sha256', Buffer.from(d, 'base64url'), '', 'boxoffice order', 32))
  const macOf = (id: Buffer) => createHmac('sha256', key).update(id).digest().subarray(0, MAC_BYTES)
  return {
    sign(orderId) {
      const id = Buffer.from(orderId.replaceAll('-', ''), 'hex')
      return Buffer.concat([id, macOf(id)]).toString('base64url')
    },
    read(token) {
      const bytes = Buffer.from(token, 'base64url')
      const [id, mac] = [bytes.subarray(0, ID_BYTES), bytes.subarray(ID_BYTES)]
      if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, macOf(id))) return null
      const orderId = id.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
      return OrderId.safeParse(orderId).data ?? null
    },
  }
}

/**
 * Where the mails and text messages about an order lead. The token is behind `#`: it is sent to no server,
 * and so in nobody's log.
 */
export const createOrderLinks =
  ({ sign }: OrderTokens, publicUrl: string) =>
  (orderId: OrderId): string =>
    new URL(`/order#token=${sign(orderId)}`, publicUrl).href
export type OrderLinkOf = ReturnType<typeof createOrderLinks>
