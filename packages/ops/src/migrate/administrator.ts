import { adminConnection, adminTokenConnection, type Connection, withClient } from '@boxoffice/service-kit'
import type { DatabasesConfig } from '../config.ts'

/** Connects the administrator to a database. */
export type ConnectionTo = (database: string) => Promise<Connection>

/**
 * Wrong password, or PAM's refusal: Amazon's server's answer to the password of a role that must log in by
 * IAM.
 */
const REFUSED = /^(28000|28P01)$/

/** How the administrator logs in: by password, and with `iam` by a token if the password is refused. */
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
 * Uses the password until it is refused, then a token. That can happen halfway: a role's creator is a member
 * of it since PostgreSQL 16, and members of members of `rds_iam` may count as its members.
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
      say("the administrator's password was refused, trying an IAM token")
      return byToken(database)
    }
  }
}
