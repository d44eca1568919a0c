import type { EventId, SalesReport } from '@boxoffice/contracts'
import type { Notices } from '../cache/notices.ts'
import type { Interval } from './figures-repository.ts'

/** Twice a second at most. */
const GAP_MS = 500
/** While nothing is heard of changes: Redis may be away. */
const POLL_MS = 5_000

/** What everybody reads who watches one event's sales by one interval. */
export interface Feed {
  /** Another object whenever it says something else, and only then. */
  latest: SalesReport
  readonly waiting: Set<() => void>
  watchers: number
  /** The event has changed: read it again, soon. */
  wake(): void
  over: boolean
}

export interface FeedOptions {
  /** The report as it is now; null when the event is gone. */
  load(eventId: EventId, interval: Interval): Promise<SalesReport | null>
  notices: Notices
  gapMs?: number
  pollMs?: number
}

/**
 * Opens a feed, which is kept up to date while somebody watches: read when a change is heard of and now and
 * then besides. Null where there is no such event; `ended` is called when it is over, also then and where it
 * cannot be read, which rejects.
 */
export function createFeeds({ load, notices, gapMs = GAP_MS, pollMs = POLL_MS }: FeedOptions) {
  async function keepUp(feed: Feed, eventId: EventId, interval: Interval, ended: () => void): Promise<void> {
    const heard = createBell()
    feed.wake = heard.ring
    const stop = notices.listen((tag) => tag === `event:${eventId}` && heard.ring())
    try {
      do {
        await pause(gapMs)
        await heard.orAfter(pollMs)
        if (feed.watchers === 0) break
        const next = await load(eventId, interval).catch(() => feed.latest) // what is down now is asked again
        if (!next) break
        if (isOther(feed.latest, next)) {
          feed.latest = next
          for (const tell of [...feed.waiting]) tell()
        }
      } while (feed.watchers > 0)
    } finally {
      stop()
      ended()
      feed.over = true
      for (const tell of [...feed.waiting]) tell()
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

/** Resolves when a feed says something else or is over, or `signal` is aborted. */
export function nextOf(feed: Feed, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const tell = () => {
      feed.waiting.delete(tell)
      signal.removeEventListener('abort', tell)
      resolve()
    }
    feed.waiting.add(tell)
    signal.addEventListener('abort', tell)
    if (signal.aborted) tell()
  })
}

/** Not by `asOf`: where nothing is counted yet that is the time of asking. */
export const isOther = ({ asOf: _, ...a }: SalesReport, { asOf: __, ...b }: SalesReport) =>
  JSON.stringify(a) !== JSON.stringify(b)

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref())

/** Remembers that it was rung until somebody waits. */
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
