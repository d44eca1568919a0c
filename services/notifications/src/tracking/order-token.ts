import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { OrderId } from '@boxoffice/contracts'
import type { JWK } from 'jose'

export interface OrderTokens {
  /** base64url, 43 characters, short enough for a text message. */
  sign(orderId: OrderId): string
  /** Returns null for an invalid token. */
  read(token: string): OrderId | null
}

const ID_BYTES = 16
// The order's id · HMAC-SHA256 of that, its first 16 bytes
const MAC_BYTES = 16

/**
 * Creates tokens of links that show an order's status, and nothing else. They are valid as long as the key,
 * which is derived (HKDF) from the key that opens sealed tokens. Throws if that has no private half.
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
 * Returns the links in mails and text messages about orders. The token follows `#`, so that no server
 * receives or logs it.
 */
export const createOrderLinks =
  ({ sign }: OrderTokens, publicUrl: string) =>
  (orderId: OrderId): string =>
    new URL(`/order#token=${sign(orderId)}`, publicUrl).href
export type OrderLinkOf = ReturnType<typeof createOrderLinks>
