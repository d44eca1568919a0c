import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import type { Role, UserId } from '@boxoffice/contracts'
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_TTL_MAX_S } from '@boxoffice/service-kit'
import pg from 'pg'
import type { BenchSystem } from './bench-system.ts'

/** A token of at most this age outlives any load that starts with it. */
const RENEWED_AFTER_S = ACCESS_TOKEN_TTL_MAX_S / 4

export interface Buyer {
  userId: UserId
  email: string
  /** A currently valid token; a load reads it when it starts. */
  readonly token: string
}

/**
 * Creates signed-in users with tokens signed by the system's key, because registering a crowd would take an
 * hour. They have no account; `createAccounts` adds one.
 */
export function signIn(
  { secrets }: Pick<BenchSystem, 'secrets'>,
  count: number,
  roles: readonly Role[] = ['USER'],
): Buyer[] {
  const key = createPrivateKey({ key: secrets.token.privateKey, format: 'jwk' })
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = part({ alg: 'EdDSA', typ: 'at+jwt', kid: secrets.token.privateKey.kid })
  const common = { roles, iss: 'boxoffice', aud: ACCESS_TOKEN_AUDIENCE, email_verified: true }
  return Array.from({ length: count }, () => {
    const userId = randomUUID() as UserId
    const email = `buyer.${userId.slice(-12)}@boxoffice.example`
    const sid = randomUUID()
    let [token, issuedAt] = ['', 0]
    return {
      userId,
      email,
      get token() {
        const now = Math.floor(Date.now() / 1_000)
        if (now - issuedAt < RENEWED_AFTER_S) return token
        issuedAt = now
        const times = { iat: now, exp: now + ACCESS_TOKEN_TTL_MAX_S }
        const signed = `${header}.${part({ ...common, ...times, sub: userId, email, sid })}`
        token = `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`
        return token
      },
    }
  })
}

/** A well-formed hash that matches no password. */
const NO_PASSWORD = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

/**
 * Inserts accounts with confirmed addresses and the given password hash directly into the auth service's
 * database.
 */
export async function createAccounts(
  { system }: BenchSystem,
  buyers: readonly Buyer[],
  passwordHash = NO_PASSWORD,
): Promise<void> {
  const client = new pg.Client({ connectionString: system.databaseUrl('auth') })
  await client.connect()
  try {
    await client.query(
      `insert into users (user_id, email, password_hash, first_name, last_name, locale, roles,
         email_verified_at, created_at)
       select user_id, email, $3, 'Bea', 'Buyer', 'en', '{USER}', now(), now()
       from unnest($1::uuid[], $2::text[]) as b (user_id, email)`,
      [buyers.map(({ userId }) => userId), buyers.map(({ email }) => email), passwordHash],
    )
  } finally {
    await client.end()
  }
}
