import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { ContactChangeId } from '@boxoffice/contracts'
import type { JWK } from 'jose'

/**
 * The action of a link in a mail about an order's address: the new address confirms, the previous one undoes.
 */
export type ContactPurpose = 'CONFIRM' | 'UNDO'

export interface ContactTokens {
  /** base64url, 43 characters. */
  sign(purpose: ContactPurpose, changeId: ContactChangeId): string
  /** Returns null for an invalid token or one of another purpose. */
  read(purpose: ContactPurpose, token: string): ContactChangeId | null
}

const ID_BYTES = 16
// The change's id · HMAC-SHA256 of the purpose and the id, its first 16 bytes
const MAC_BYTES = 16

/**
 * Creates tokens that prove who reads a mail about an order's address. They are neither stored nor sent in
 * messages; each works once because the payment service knows whether its change is pending. The key is
 * derived (HKDF) from the key that opens sealed tokens. Throws if that has no private half.
 */
export function createContactTokens({ d }: JWK): ContactTokens {
  if (!d) throw new Error('the key has no private half')
  const key = new Uint8Array(
    hkdfSync('sha256', Buffer.from(d, 'base64url'), '', 'boxoffice order contact', 32),
  )
  const macOf = (purpose: ContactPurpose, id: Buffer) =>
    createHmac('sha256', key).update(`${purpose} `).update(id).digest().subarray(0, MAC_BYTES)
  return {
    sign(purpose, changeId) {
      const id = Buffer.from(changeId.replaceAll('-', ''), 'hex')
      return Buffer.concat([id, macOf(purpose, id)]).toString('base64url')
    },
    read(purpose, token) {
      const bytes = Buffer.from(token, 'base64url')
      const [id, mac] = [bytes.subarray(0, ID_BYTES), bytes.subarray(ID_BYTES)]
      if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, macOf(purpose, id))) return null
      const changeId = id.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
      return ContactChangeId.safeParse(changeId).data ?? null
    },
  }
}

const paths: Record<ContactPurpose, string> = { CONFIRM: '/order/contact', UNDO: '/order/contact/undo' }

/** Returns the links of those mails. The token follows `#`, so that no server receives or logs it. */
export const createContactLinks =
  ({ sign }: ContactTokens, publicUrl: string) =>
  (purpose: ContactPurpose, changeId: ContactChangeId): string =>
    new URL(`${paths[purpose]}#token=${sign(purpose, changeId)}`, publicUrl).href
export type ContactLinkOf = ReturnType<typeof createContactLinks>
