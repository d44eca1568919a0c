/**
 * The places where a killed process would hurt most. A fault test names one in CRASH_AT, and the process kills itself with
 * SIGKILL on reaching it, once. Everywhere else this is a comparison of two strings.
 */
export const crashPoints = [
  'saga.created',
  'saga.reserve.before-call',
  'saga.reserve.after-call',
  'saga.charge.before-call',
  'saga.charge.after-call',
  'saga.paid',
  'saga.release.after-call',
  'saga.refund.after-call',
  'relay.before-publish',
  'relay.after-publish',
  'consumer.before-commit',
  'consumer.after-commit',
  'issue.before-commit',
  'hold.after-lua',
  'mail.before-send',
  'mail.after-send',
] as const
export type CrashPoint = (typeof crashPoints)[number]

export type CrashAt = (point: CrashPoint) => void

/** A check that dies at `name`; without a name one that does nothing. Throws when there is no such crash point. */
export function createCrashAt(name: string | undefined): CrashAt {
  if (name === undefined) return () => {}
  if (!crashPoints.includes(name as CrashPoint)) throw new Error(`CRASH_AT: there is no crash point ${name}`)
  return (point) => {
    if (point === name) process.kill(process.pid, 'SIGKILL')
  }
}
