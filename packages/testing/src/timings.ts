import { setTimeout as sleep } from 'node:timers/promises'

/** What a test file spends its time on, beside its own work. */
export const activities = ['servers', 'migrations', 'waiting', 'pauses'] as const
export type Activity = (typeof activities)[number]

/** Milliseconds of this process so far. */
const spentMs = Object.fromEntries(activities.map((activity) => [activity, 0])) as Record<Activity, number>
const underWay = new Map<Activity, { count: number; since: number }>()

/** Does `work`, and counts the time that it takes under `activity`: what runs beside itself counts once. */
export async function measured<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
  const current = underWay.get(activity) ?? { count: 0, since: performance.now() }
  underWay.set(activity, current)
  current.count++
  try {
    return await work()
  } finally {
    if (--current.count === 0) {
      underWay.delete(activity)
      spentMs[activity] += performance.now() - current.since
    }
  }
}

/** Milliseconds by activity since this process began. */
export const activitiesSoFar = (): Readonly<Record<Activity, number>> => ({ ...spentMs })

/**
 * A pause that is part of the load a test makes, such as a crowd that does not come all at once. Never to
 * wait for anything: that is `until`.
 */
export const pause = (ms: number): Promise<void> => measured('pauses', () => sleep(ms))
