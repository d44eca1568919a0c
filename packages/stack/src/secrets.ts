import { generateKeyPairSync, randomBytes } from 'node:crypto'
import path from 'node:path'
import { callers } from '@boxoffice/contracts'
import { z } from 'zod'
import { loadCompleted } from './private-file.ts'

const Jwk = z.looseObject({ kty: z.string(), kid: z.string() })
const KeyPair = z.object({ privateKey: Jwk, publicKey: Jwk })

export const Secrets = z.object({
  /** Ed25519, by service name, which is the `kid` too: for calls between services. */
  services: z.record(z.string(), KeyPair),
  /** Ed25519: access tokens. */
  token: KeyPair,
  /** Ed25519: ticket codes. */
  ticketSigning: KeyPair,
  /** P-256, for ECDH-ES: secrets that auth sends to notifications. */
  notifications: KeyPair,
  /** P-256: identifies us to push services. */
  push: KeyPair,
  stripeSecretKey: z.string(),
  stripeWebhookSecret: z.string(),
})
export type Secrets = z.output<typeof Secrets>

/**
 * Returns the development secrets of `folder`, created the first time in a private file. Adds those that an
 * older file lacks; existing ones stay.
 */
export function loadSecrets(folder: string): Secrets {
  return loadCompleted(path.join(folder, 'secrets.json'), Secrets.partial(), (there) => {
    const fresh = createSecrets()
    return { ...fresh, ...there, services: { ...fresh.services, ...there?.services } }
  })
}

/** Creates new secrets. There is no default in code: other systems bring their own. */
export function createSecrets(): Secrets {
  const suffix = () => randomBytes(4).toString('hex')
  return {
    services: Object.fromEntries(callers.map((name) => [name, createSigningKey(name)])),
    token: createSigningKey(`token-${suffix()}`),
    ticketSigning: createSigningKey(`tickets-${suffix()}`),
    notifications: createP256Key(`notifications-${suffix()}`),
    push: createP256Key(`push-${suffix()}`),
    stripeSecretKey: `sk_test_${randomBytes(24).toString('hex')}`,
    stripeWebhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
  }
}

const createSigningKey = (kid: string) => asJwks(generateKeyPairSync('ed25519'), { kid, alg: 'EdDSA' })
/** On P-256: for ECDH, or for the signatures of VAPID. */
const createP256Key = (kid: string) => asJwks(generateKeyPairSync('ec', { namedCurve: 'P-256' }), { kid })

type Exportable = { export(options: { format: 'jwk' }): object }

function asJwks(
  pair: { privateKey: Exportable; publicKey: Exportable },
  names: { kid: string; alg?: string },
) {
  const jwk = (key: Exportable) => Jwk.parse({ ...key.export({ format: 'jwk' }), ...names })
  return { privateKey: jwk(pair.privateKey), publicKey: jwk(pair.publicKey) }
}
