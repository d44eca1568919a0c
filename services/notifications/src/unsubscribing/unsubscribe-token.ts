import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { NotificationType, UserId } from '@boxoffice/contracts'
import type { JWK } from 'jose'

/**
 * Who unsubscribes from what: a user from one type, or an address from everything that others have sent to
 * it.
 */
export type Unsubscribed =
  | { readonly userId: UserId; readonly type: NotificationType }
  /** SHA-256 in hex, as in the suppression list. */
  | { readonly addressHash: string }

export interface UnsubscribeTokens {
  /** base64url, under 100 characters, short enough for a path. */
  sign(who: Unsubscribed): string
  /** Returns null for an invalid token. */
  read(token: string): Unsubscribed | null
}

// `a` and the hash (32), or `u`, the user's id (16) and the name of the type · HMAC-SHA256 of that, its first
// 16 bytes
const MAC_BYTES = 16
const [OF_ADDRESS, OF_USER] = ['a', 'u']

/**
 * Creates tokens of unsubscribe links. They are valid as long as the key, since a mail may be read years
 * later. The key is derived (HKDF) from the key that opens sealed tokens. Throws if that has no private half.
 */
export function createUnsubscribeTokens({ d }: JWK): UnsubscribeTokens {
  if (!d) throw new Error('the key has no private half')
  const key = new Uint8Array(hkdfSync('sha256', Buffer.from(d, 'base64url'), '', 'boxoffice unsubscribe', 32))
  const macOf = (content: Buffer) => createHmac('sha256', key).update(content).digest().subarray(0, MAC_BYTES)
  return {
    sign(who) {
      const content = encode(who)
      return Buffer.concat([content, macOf(content)]).toString('base64url')
    },
    read(token) {
      const bytes = Buffer.from(token, 'base64url')
      const [content, mac] = [bytes.subarray(0, -MAC_BYTES), bytes.subarray(-MAC_BYTES)]
      if (content.length === 0 || !timingSafeEqual(mac, macOf(content))) return null
      return decode(content)
    },
  }
}

const encode = (who: Unsubscribed): Buffer =>
  'addressHash' in who
    ? Buffer.from(OF_ADDRESS + Buffer.from(who.addressHash, 'hex').toString('latin1'), 'latin1')
    : Buffer.concat([
        Buffer.from(OF_USER),
        Buffer.from(who.userId.replaceAll('-', ''), 'hex'),
        Buffer.from(who.type),
      ])

function decode(content: Buffer): Unsubscribed {
  if (content.toString('latin1', 0, 1) === OF_ADDRESS) return { addressHash: content.toString('hex', 1) }
  const id = content.toString('hex', 1, 17).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
  return { userId: UserId.parse(id), type: NotificationType.parse(content.toString('latin1', 17)) }
}
