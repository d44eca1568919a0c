/** A stored refresh token that a client presents. */
export interface ShownToken {
  expiresAt: Date
  usedAt: Date | null
  familyRevokedAt: Date | null
}

export type Verdict = 'ROTATE' | 'REPEAT' | 'REUSED' | 'REVOKED' | 'EXPIRED'

/**
 * Decides on a presented refresh token. A reused one was stolen, its answer was lost, or a browser tab lags
 * behind: within `graceMs` of its use it gets the newest token of its family (REPEAT); otherwise the family
 * ends (REUSED).
 */
export function judge(shown: ShownToken, now: Date, graceMs: number): Verdict {
  if (shown.usedAt === null) {
    if (shown.familyRevokedAt !== null) return 'REVOKED'
    return shown.expiresAt <= now ? 'EXPIRED' : 'ROTATE'
  }
  const recent = now.getTime() - shown.usedAt.getTime() < graceMs
  return recent && shown.familyRevokedAt === null ? 'REPEAT' : 'REUSED'
}
