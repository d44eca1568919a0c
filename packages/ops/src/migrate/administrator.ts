import { adminConnection, adminTokenConnection, type Connection, withClient } from '@boxoffice/service-kit'
import type { DatabasesConfig } from '../config.ts'

/** What the administrator connects to a database with. */
export type ConnectionTo = (database: string) => Promise<Connection>

/**
 * Wrong password, or PAM's own refusal: what Amazon's server says to a password of somebody who is to log in
 * by IAM.
 */
const REFUSED = /^(28000|28P01)$/

/** How the administrator gets in: by password, and with `iam` by a token where the password is refused. */
export function createAdministrator(
  { adminUrl, adminPassword, login }: DatabasesConfig,
  say: (text: string) => void,
): ConnectionTo {
  const byPassword = (database: string) =>
    adminConnection(adminUrl, {
      database,
      login,
      ...(adminPassword !== undefined && { password: adminPassword }),
    })
  if (login === 'password') return async (database) => byPassword(database)
  return orByToken({ byPassword, byToken: (database) => adminTokenConnection(adminUrl, database), say })
}

/**
 * By password until that is refused, and by a token from then on. That may happen in the middle of the work:
 * whoever makes a role is a member of it since PostgreSQL 16, and the members of members of `rds_iam` may
 * count as its members too.
 */
export function orByToken(options: {
  byPassword: (database: string) => Connection
  byToken: (database: string) => Connection
  say: (text: string) => void
}): ConnectionTo {
  const { byPassword, byToken, say } = options
  let isRefused = false
  return async (database) => {
    if (isRefused) return byToken(database)
    try {
      await withClient(byPassword(database), async () => {})
      return byPassword(database)
    } catch (error) {
      if (!REFUSED.test(String((error as { code?: unknown }).code))) throw error
      isRefused = true
      say("the administrator's password was refused: trying a token of IAM")
      return byToken(database)
    }
  }
}
