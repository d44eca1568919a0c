import type { EventId, SalesReport } from '@boxoffice/contracts'
import type { Notices } from '../cache/notices.ts'
import type { KnownEvent } from '../reading/event-access.ts'
import type { Interval } from './figures-repository.ts'

/** Twice a second at most. */
const GAP_MS = 500
/** While nothing is heard of changes: Redis may be away. */
const POLL_MS = 5_000

/** Everybody who watches one event's sales by one interval. */
interface Feed {
  latest: SalesReport
  readonly waiting: Set<() => void>
  watchers: number
  /** The event has changed: read it again, soon. */
  wake(): void
  over: boolean
}

/** Watch how an event sells: as it stands, then again whenever that has changed, until `signal` is aborted. */
export type WatchSales = (event: KnownEvent, interval: Interval, signal: AbortSignal) => AsyncGenerator<SalesReport>

/**
 * However many look on, an event's report is read once for all of them in this process, when a change is heard of and now and then
 * besides. Whoever is slow gets the newest at once.
 */
export function createSalesWatch(options: {
  /** The report as it is now; null when the event is gone. */
  load(eventId: EventId, interval: Interval): Promise<SalesReport | null>
  notices: Notices
  gapMs?: number
  pollMs?: number
}): WatchSales {
  const { load, notices, gapMs = GAP_MS, pollMs = POLL_MS } = options
  const feeds = new Map<string, Promise<Feed | null>>()

  async function open(key: string, eventId: EventId, interval: Interval): Promise<Feed | null> {
    let latest: SalesReport | null = null
    try {
      latest = await load(eventId, interval)
    } finally {
      if (!latest) feeds.delete(key)
    }
    if (!latest) return null
    const feed: Feed = { latest, waiting: new Set(), watchers: 0, wake: () => {}, over: false }
    void keepUp(key, feed, eventId, interval)
    return feed
  }

  async function keepUp(key: string, feed: Feed, eventId: EventId, interval: Interval): Promise<void> {
    const heard = createBell()
    feed.wake = heard.ring
    const stop = notices.listen((tag) => tag === `event:${eventId}` && heard.ring())
    try {
      do {
        await pause(gapMs)
        await heard.orAfter(pollMs)
        if (feed.watchers === 0) break
        const next = await load(eventId, interval).catch(() => feed.latest) // what is away now is asked again
        if (!next) break
        if (isOther(feed.latest, next)) {
          feed.latest = next
          for (const tell of [...feed.waiting]) tell()
        }
      } while (feed.watchers > 0)
    } finally {
      stop()
      feeds.delete(key)
      feed.over = true
      for (const tell of [...feed.waiting]) tell()
    }
  }

  function next(feed: Feed, signal: AbortSignal): Promise<void> {
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

  return async function* watch(event, interval, signal) {
    const key = `${event.eventId} ${interval}`
    let seen: SalesReport | null = null
    while (!signal.aborted) {
      const opening: Promise<Feed | null> = feeds.get(key) ?? open(key, event.eventId, interval)
      feeds.set(key, opening)
      const feed: Feed | null = await opening
      if (!feed) return
      feed.watchers++
      try {
        while (!signal.aborted && !feed.over) {
          if (!seen || isOther(seen, feed.latest)) {
            seen = feed.latest
            yield seen
          } else await next(feed, signal)
        }
      } finally {
        feed.watchers--
        if (feed.watchers === 0) feed.wake()
      }
    }
  }
}

/** Not by `asOf`: where nothing is counted yet that is the time of asking. */
const isOther = ({ asOf: _, ...a }: SalesReport, { asOf: __, ...b }: SalesReport) => JSON.stringify(a) !== JSON.stringify(b)

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
