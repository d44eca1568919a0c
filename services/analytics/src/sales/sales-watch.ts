import type { SalesReport } from '@boxoffice/contracts'
import type { KnownEvent } from '../reading/known-event-repository.ts'
import type { Interval } from './figures-repository.ts'
import { createFeeds, type Feed, type FeedOptions, isOther, nextOf } from './sales-feed.ts'

/** Watches the sales of an event: yields the current report, then each change, until `signal` is aborted. */
export type WatchSales = (
  event: KnownEvent,
  interval: Interval,
  signal: AbortSignal,
) => AsyncGenerator<SalesReport>

/** One read per process serves all watchers of an event. A slow watcher gets the newest report at once. */
export function createSalesWatch(options: FeedOptions): WatchSales {
  const open = createFeeds(options)
  const feeds = new Map<string, Promise<Feed | null>>()

  function feedOf({ eventId }: KnownEvent, interval: Interval): Promise<Feed | null> {
    const key = `${eventId} ${interval}`
    const feed = feeds.get(key) ?? open(eventId, interval, () => feeds.delete(key))
    feeds.set(key, feed)
    return feed
  }

  return async function* watch(event, interval, signal) {
    let seen: SalesReport | null = null
    while (!signal.aborted) {
      const feed = await feedOf(event, interval)
      if (!feed) return
      // A new feed may repeat the last report of the previous one; within a feed, another object is another
      // report.
      if (seen && !isOther(seen, feed.latest)) seen = feed.latest
      feed.watchers++
      try {
        while (!signal.aborted && !feed.over) {
          if (seen === feed.latest) await nextOf(feed, signal)
          else {
            seen = feed.latest
            yield seen
          }
        }
      } finally {
        feed.watchers--
        if (feed.watchers === 0) feed.wake()
      }
    }
  }
}
