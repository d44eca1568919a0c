import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { ContactChangeId } from '@boxoffice/contracts'
import type { JWK } from 'jose'

/**
 * What a link of a mail about an order's address does: the new reader confirms it, the one of before undoes
 * it.
 */
export type ContactPurpose = 'CONFIRM' | 'UNDO'

export interface ContactTokens {
  /** base64url, 43 characters. */
  sign(purpose: ContactPurpose, changeId: ContactChangeId): string
  /** null for what is not ours, or is for something else. */
  read(purpose: ContactPurpose, token: string): ContactChangeId | null
}

const ID_BYTES = 16
// The change's id · HMAC-SHA256 of the purpose and the id, its first 16 bytes
const MAC_BYTES = 16

/**
 * Tokens that prove who reads a mail about an order's address. Nothing of them is kept and no message carries
 * them; the payment service knows whether their change still waits, so that each works once. The key is made
 * of the one that opens sealed tokens (HKDF), for nothing else. Throws when that has no private half.
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

/** Where those mails lead. The token is behind `#`: it is sent to no server, and so in nobody's log. */
export const createContactLinks =
  ({ sign }: ContactTokens, publicUrl: string) =>
  (purpose: ContactPurpose, changeId: ContactChangeId): string =>
    new URL(`${paths[purpose]}#token=${sign(purpose, changeId)}`, publicUrl).href
export type ContactLinkOf = ReturnType<typeof createContactLinks>
