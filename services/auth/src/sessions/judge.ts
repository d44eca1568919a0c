/** What is known of a refresh token that somebody shows. Times as `Date`. */
export interface ShownToken {
  expiresAt: Date
  usedAt: Date | null
  familyRevokedAt: Date | null
}

export type Verdict = 'ROTATE' | 'REPEAT' | 'REUSED' | 'REVOKED' | 'EXPIRED'

/**
 * What becomes of a refresh token. One that is used again was stolen, or its answer was lost, or a tab lags
 * behind the others: within `graceMs` of its use it gets the newest token of its family, however often that
 * was rotated since (REPEAT); otherwise the whole family ends (REUSED).
 */
export function judge(shown: ShownToken, now: Date, graceMs: number): Verdict {
  if (shown.usedAt === null) {
    if (shown.familyRevokedAt !== null) return 'REVOKED'
    return shown.expiresAt <= now ? 'EXPIRED' : 'ROTATE'
  }
  const recent = now.getTime() - shown.usedAt.getTime() < graceMs
  return recent && shown.familyRevokedAt === null ? 'REPEAT' : 'REUSED'
}
