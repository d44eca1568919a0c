/** How often an account may get a mail of one kind. */
export interface MailLimits {
  intervalMs: number
  perHour: number
  perDay: number
}

const HOUR_MS = 3_600_000

/**
 * Whether another mail may be sent at `now`. `mailedAt`: when those of the last day were, the latest first.
 */
export function mayMail(mailedAt: readonly Date[], now: Date, limits: MailLimits): boolean {
  const since = (ms: number) => mailedAt.filter((at) => now.getTime() - at.getTime() < ms).length
  return since(limits.intervalMs) === 0 && since(HOUR_MS) < limits.perHour && mailedAt.length < limits.perDay
}
