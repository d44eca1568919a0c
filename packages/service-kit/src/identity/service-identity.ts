import type { Caller } from '@boxoffice/contracts'
import { importJWK, type JWK, SignJWT } from 'jose'

const LIFETIME_S = 60
const REUSE_MS = 45_000 // the rest covers the retries of a call

/** Creates service tokens of 60 s for one audience, each used for 45 s. */
export interface ServiceIdentity {
  readonly name: Caller
  headersFor(audience: Caller): Promise<Record<string, string>>
}

export function createServiceIdentity(
  name: Caller,
  privateKey: JWK,
  now: () => Date = () => new Date(),
): ServiceIdentity {
  const key = importJWK(privateKey, 'EdDSA')
  const tokens = new Map<Caller, { token: Promise<string>; madeAt: number }>()

  async function sign(audience: Caller, madeAt: number): Promise<string> {
    const issuedAt = Math.floor(madeAt / 1000)
    return new SignJWT({ type: 'SERVICE' })
      .setProtectedHeader({ alg: 'EdDSA', kid: name })
      .setSubject(name)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFETIME_S)
      .sign(await key)
  }

  return {
    name,
    async headersFor(audience) {
      const madeAt = now().getTime()
      let entry = tokens.get(audience)
      if (!entry || Math.abs(madeAt - entry.madeAt) > REUSE_MS) {
        entry = { token: sign(audience, madeAt), madeAt }
        tokens.set(audience, entry)
      }
      return { authorization: `Service-Token ${await entry.token}`, 'x-service-name': name }
    },
  }
}
