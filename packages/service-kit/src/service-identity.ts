import type { Caller } from '@boxoffice/contracts'
import { importJWK, type JWK, SignJWT } from 'jose'

const LIFETIME_S = 60
const REUSE_MS = 30_000

/** Who we are towards the other services: makes service tokens of 60 s for one audience, each used for 30 s. */
export interface ServiceIdentity {
  readonly name: Caller
  headersFor(audience: Caller): Promise<Record<string, string>>
}

export function createServiceIdentity(name: Caller, privateKey: JWK, now: () => Date = () => new Date()): ServiceIdentity {
  const key = importJWK(privateKey, 'EdDSA')
  const tokens = new Map<Caller, { token: string; madeAt: number }>()
  return {
    name,
    async headersFor(audience) {
      let entry = tokens.get(audience)
      if (!entry || Math.abs(now().getTime() - entry.madeAt) > REUSE_MS) {
        const issuedAt = Math.floor(now().getTime() / 1000)
        const token = await new SignJWT({ type: 'SERVICE' })
          .setProtectedHeader({ alg: 'EdDSA', kid: name })
          .setSubject(name)
          .setAudience(audience)
          .setIssuedAt(issuedAt)
          .setExpirationTime(issuedAt + LIFETIME_S)
          .sign(await key)
        entry = { token, madeAt: now().getTime() }
        tokens.set(audience, entry)
      }
      return { authorization: `Service-Token ${entry.token}`, 'x-service-name': name }
    },
  }
}
