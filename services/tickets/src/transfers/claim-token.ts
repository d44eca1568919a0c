import { sign, verify } from 'node:crypto'
import { TransferId } from '@boxoffice/contracts'
import type { AcceptedKey, CodeKey } from '../tickets/codes.ts'

// key id (4) · transfer id (16) · signature (64) of CONTEXT and the bytes before it. It is not stored, but
// made again for each mail.
/** Part of what is signed, so that no ticket code is a claim and no claim a code: codes begin with a 1. */
const CONTEXT = Buffer.from('boxoffice: claim of a transfer\n')
const HEAD_BYTES = 20
const SIGNATURE_BYTES = 64

/**
 * Returns the secret that claims a transferred ticket, for the mail to its address only: base64url, 112
 * characters.
 */
export function signClaim(transferId: TransferId, { keyId, privateKey }: CodeKey): string {
  const head = Buffer.from(keyId + transferId.replaceAll('-', ''), 'hex')
  return Buffer.concat([head, sign(null, Buffer.concat([CONTEXT, head]), privateKey)]).toString('base64url')
}

/** Returns the transfer that a secret claims, if one of these keys signed it; null for anything else. */
export function readClaim(token: string, keys: readonly AcceptedKey[]): TransferId | null {
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length !== HEAD_BYTES + SIGNATURE_BYTES || bytes.toString('base64url') !== token) return null
  const head = bytes.subarray(0, HEAD_BYTES)
  const key = keys.find(({ keyId }) => keyId === head.toString('hex', 0, 4))
  if (!key || !verify(null, Buffer.concat([CONTEXT, head]), key.publicKey, bytes.subarray(HEAD_BYTES)))
    return null
  const id = head.toString('hex', 4).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
  return TransferId.safeParse(id).data ?? null
}
