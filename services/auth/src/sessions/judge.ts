/** What is known of a refresh token that somebody shows. Times as `Date`. */
export interface ShownToken {
  expiresAt: Date
  usedAt: Date | null
  familyRevokedAt: Date | null
  /** When its successor was used; null where it was not, or where there is none. */
  successorUsedAt: Date | null
}

export type Verdict = 'ROTATE' | 'REPEAT' | 'REUSED' | 'REVOKED' | 'EXPIRED'

/**
 * What becomes of a refresh token. One that is used again was stolen, or its answer was lost: within `graceMs`, while nobody has
 * used its successor, it gets that successor once more (REPEAT); otherwise the whole family ends (REUSED).
 */
export function judge(shown: ShownToken, now: Date, graceMs: number): Verdict {
  if (shown.usedAt === null) {
    if (shown.familyRevokedAt !== null) return 'REVOKED'
    return shown.expiresAt <= now ? 'EXPIRED' : 'ROTATE'
  }
  const recent = now.getTime() - shown.usedAt.getTime() < graceMs
  return recent && shown.successorUsedAt === null && shown.familyRevokedAt === null ? 'REPEAT' : 'REUSED'
}
