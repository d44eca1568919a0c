import type { EventId, SalesReport } from '@boxoffice/contracts'
import type { Notices } from '../cache/notices.ts'
import type { Interval } from './figures-repository.ts'

/** Twice a second at most. */
const GAP_MS = 500
/** Interval of polling when no changes are notified: Redis may be down. */
const POLL_MS = 5_000

/** What all watchers of one event's sales with one interval read. */
export interface Feed {
  /** Replaced by another object exactly when the report changes. */
  latest: SalesReport
  readonly waiting: Set<() => void>
  watchers: number
  /** The event has changed: read it again soon. */
  wake(): void
  over: boolean
}

export interface FeedOptions {
  /** Loads the current report; null when the event does not exist any more. */
  load(eventId: EventId, interval: Interval): Promise<SalesReport | null>
  notices: Notices
  gapMs?: number
  pollMs?: number
}

/**
 * Opens a feed that is kept up to date while it has watchers: it is read after notified changes, and polled
 * besides. Null for an unknown event. `ended` is called when the feed ends, including when the event is
 * unknown or cannot be read, which rejects.
 */
export function createFeeds({ load, notices, gapMs = GAP_MS, pollMs = POLL_MS }: FeedOptions) {
  async function keepUp(feed: Feed, eventId: EventId, interval: Interval, ended: () => void): Promise<void> {
    const changed = createBell()
    feed.wake = changed.ring
    const stop = notices.listen((tag) => tag === `event:${eventId}` && changed.ring())
    try {
      do {
        await pause(gapMs)
        await changed.orAfter(pollMs)
        if (feed.watchers === 0) break
        const next = await load(eventId, interval).catch(() => feed.latest) // retried with the next poll
        if (!next) break
        if (isOther(feed.latest, next)) {
          feed.latest = next
          for (const notify of [...feed.waiting]) notify()
        }
      } while (feed.watchers > 0)
    } finally {
      stop()
      ended()
      feed.over = true
      for (const notify of [...feed.waiting]) notify()
    }
  }

  return async function open(eventId: EventId, interval: Interval, ended: () => void): Promise<Feed | null> {
    let latest: SalesReport | null = null
    try {
      latest = await load(eventId, interval)
    } finally {
      if (!latest) ended()
    }
    if (!latest) return null
    const feed: Feed = { latest, waiting: new Set(), watchers: 0, wake: () => {}, over: false }
    void keepUp(feed, eventId, interval, ended)
    return feed
  }
}

/** Resolves when a feed has changed or ended, or `signal` is aborted. */
export function nextOf(feed: Feed, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const notify = () => {
      feed.waiting.delete(notify)
      signal.removeEventListener('abort', notify)
      resolve()
    }
    feed.waiting.add(notify)
    signal.addEventListener('abort', notify)
    if (signal.aborted) notify()
  })
}

/** Ignores `asOf`: before anything is counted, that is the time of the request. */
export const isOther = ({ asOf: _, ...a }: SalesReport, { asOf: __, ...b }: SalesReport) =>
  JSON.stringify(a) !== JSON.stringify(b)

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref())

/** A signal that is remembered until it is awaited. */
function createBell() {
  let rung = false
  let waiter: (() => void) | null = null
  return {
    ring(): void {
      rung = true
      waiter?.()
    },
    async orAfter(ms: number): Promise<void> {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms).unref()
          waiter = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      rung = false
      waiter = null
    },
  }
}
