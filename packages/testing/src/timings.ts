import { setTimeout as sleep } from 'node:timers/promises'

/** Activities that a test file spends time on besides its own work. */
export const activities = ['servers', 'migrations', 'waiting', 'pauses'] as const
export type Activity = (typeof activities)[number]

/** Milliseconds of this process so far. */
const spentMs = Object.fromEntries(activities.map((activity) => [activity, 0])) as Record<Activity, number>
const running = new Map<Activity, { count: number; since: number }>()

/** Runs `work` and adds its duration to `activity`; overlapping work counts once. */
export async function measured<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
  const current = running.get(activity) ?? { count: 0, since: performance.now() }
  running.set(activity, current)
  current.count++
  try {
    return await work()
  } finally {
    if (--current.count === 0) {
      running.delete(activity)
      spentMs[activity] += performance.now() - current.since
    }
  }
}

/** Milliseconds by activity since this process started. */
export const activitiesSoFar = (): Readonly<Record<Activity, number>> => ({ ...spentMs })

/**
 * Pauses as part of a test's load, such as a crowd that arrives over time. Never wait for a condition with
 * it; use `until`.
 */
export const pause = (ms: number): Promise<void> => measured('pauses', () => sleep(ms))
