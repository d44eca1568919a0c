import { readFileSync, rmSync } from 'node:fs'

/**
 * The points where a killed process would do most harm: a fault test names one, and the process kills itself
 * there with SIGKILL.
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
  'refund.requested',
  'refund.after-cancel',
  'refund.after-gateway',
  'refund.before-commit',
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

/**
 * Creates the check for crash points; without `crashAt` it does nothing. `crashAt` is a point's name, or `@`
 * and a file that holds the name: the file is removed before the process dies, so that its successor
 * survives, and a test can name another point while the process runs. Throws for an unknown crash point.
 */
export function createCrashAt(crashAt: string | undefined): CrashAt {
  if (crashAt === undefined) return () => {}
  const die = () => process.kill(process.pid, 'SIGKILL')
  if (crashAt.startsWith('@')) {
    const file = crashAt.slice(1)
    return (point) => {
      if (read(file) === point && remove(file)) die()
    }
  }
  if (!crashPoints.some((point) => point === crashAt))
    throw new Error(`CRASH_AT: there is no crash point ${crashAt}`)
  return (point) => {
    if (point === crashAt) die()
  }
}

/** Whether this process removed it: of two processes at the same point one dies. */
function remove(file: string): boolean {
  try {
    rmSync(file)
    return true
  } catch {
    return false
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null // no crash point is set at the moment
  }
}
