import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import {
  type CodeVerificationKey,
  EventId,
  SEAT_LABEL_BYTES_MAX,
  type Seat,
  seatIdOf,
  seatOfId,
  TicketId,
} from '@boxoffice/contracts'

/** The content of a code. A code admits only while the ticket's code version is the same. */
export interface CodeContent {
  readonly ticketId: TicketId
  readonly eventId: EventId
  readonly codeVersion: number
  readonly seat?: Seat | null
}

/** A key whose codes admit, with the short id that codes carry. */
export interface AcceptedKey {
  readonly keyId: string
  readonly publicKey: KeyObject
}

/** The key that signs codes. */
export interface CodeKey extends AcceptedKey {
  readonly privateKey: KeyObject
}

// format (1) · key id (4) · ticket id (16) · event id (16) · code version (4) · seat, UTF-8 (0…153) ·
// signature (64)
/** The format in words, for those who verify codes with their own software. */
export const CODE_FORMAT =
  'base64url (RFC 4648, no padding) of: format, 1 byte, now 1; ' +
  'key id, 4 bytes, the kid of the key in hexadecimal; ticket id, 16 bytes; event id, 16 bytes; ' +
  'version, 4 bytes, big-endian; seat such as 1-A-12, UTF-8, none for general admission, ' +
  'a "-" of a label written "_"; Ed25519 signature of all bytes before it, 64 bytes. ' +
  'Admit a ticket id once, and only for your event. A code that ' +
  'was cancelled, passed on or stopped still verifies: compare with the list of attendees.'
const FORMAT = 1
const HEAD_BYTES = 41
/** Zone, row and seat with a hyphen between them. */
const SEAT_MAX_BYTES = 7 + 1 + SEAT_LABEL_BYTES_MAX + 1 + SEAT_LABEL_BYTES_MAX
const SIGNATURE_BYTES = 64

/**
 * Creates the signing key from a private Ed25519 JWK. Its id on codes is the first four bytes of the SHA-256
 * of its `kid`.
 */
export function createCodeKey(jwk: Jwk): CodeKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' })
  return { keyId: keyIdOf(jwk), privateKey, publicKey: createPublicKey(privateKey) }
}

/**
 * Returns the keys whose codes admit: the signing key, and those of public JWKs, such as earlier ones. Throws
 * when a key is not Ed25519, or when two have the same id on codes, which would be ambiguous.
 */
export function createAcceptedKeys({ keyId, publicKey }: CodeKey, others: readonly Jwk[]): AcceptedKey[] {
  const accepted: AcceptedKey[] = [{ keyId, publicKey }]
  for (const jwk of others) {
    const other = { keyId: keyIdOf(jwk), publicKey: createPublicKey({ key: jwk, format: 'jwk' }) }
    if (other.publicKey.asymmetricKeyType !== 'ed25519') throw new Error(`the key ${jwk.kid} is not Ed25519`)
    const known = accepted.find(({ keyId }) => keyId === other.keyId)
    if (!known) accepted.push(other)
    else if (!known.publicKey.equals(other.publicKey))
      throw new Error(`the kid ${jwk.kid} names two keys that verify codes`)
  }
  return accepted
}

type Jwk = { kty: string; kid: string }
const keyIdOf = ({ kid }: Jwk) => createHash('sha256').update(kid).digest('hex').slice(0, 8)

/** Returns the public half of a key, as a JWK whose `kid` is the id that codes carry. */
export function verificationKeyOf({ keyId, publicKey }: AcceptedKey): CodeVerificationKey {
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return { kty: 'OKP', crv: 'Ed25519', x, kid: keyId, alg: 'EdDSA', use: 'sig' }
}

/**
 * Signs a ticket's code: base64url, under 200 characters with the seat labels of most halls, under 400 with
 * any.
 */
export function signCode(content: CodeContent, key: CodeKey): string {
  const seat = Buffer.from(content.seat ? seatIdOf(content.seat) : '')
  if (seat.length > SEAT_MAX_BYTES) throw new Error(`a seat of ${seat.length} bytes does not fit into a code`)
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8(FORMAT, 0)
  head.write(key.keyId, 1, 'hex')
  head.write(content.ticketId.replaceAll('-', ''), 5, 'hex')
  head.write(content.eventId.replaceAll('-', ''), 21, 'hex')
  head.writeUInt32BE(content.codeVersion, 37)
  const payload = Buffer.concat([head, seat])
  return Buffer.concat([payload, sign(null, payload, key.privateKey)]).toString('base64url')
}

/**
 * Returns the content of a code if one of these keys signed it, to the last character; null for anything
 * else.
 */
export function verifyCode(code: string, keys: readonly AcceptedKey[]): CodeContent | null {
  const bytes = Buffer.from(code, 'base64url')
  // Accept only our own encoding: decoding ignores padding and stray characters.
  if (bytes.toString('base64url') !== code) return null
  const payload = bytes.subarray(0, -SIGNATURE_BYTES)
  if (payload.length < HEAD_BYTES || payload.length > HEAD_BYTES + SEAT_MAX_BYTES || payload[0] !== FORMAT)
    return null
  const key = keys.find(({ keyId }) => keyId === payload.toString('hex', 1, 5))
  if (!key || !verify(null, payload, key.publicKey, bytes.subarray(-SIGNATURE_BYTES))) return null
  const seat = seatOfId(payload.toString('utf8', HEAD_BYTES))
  return {
    ticketId: TicketId.parse(uuidOf(payload.subarray(5, 21))),
    eventId: EventId.parse(uuidOf(payload.subarray(21, 37))),
    codeVersion: payload.readUInt32BE(37),
    ...(seat && { seat }),
  }
}

const uuidOf = (bytes: Buffer) =>
  bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
