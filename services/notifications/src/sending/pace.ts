import { TokenBucket } from 'limiter'

/** How many calls a rate lets go now. It is a process's own, as the rate is. */
export interface Pace {
  room(): number
  take(count: number): void
  /** How long until there is room for one; 0 where there is. */
  waitMs(): number
}

/** As many a second, and as many at once after a rest. A rate below one lets one go at a time. */
export function createPace(ratePerSecond: number): Pace {
  const bucket = new TokenBucket({ bucketSize: Math.max(1, ratePerSecond), tokensPerInterval: ratePerSecond, interval: 'second' })
  bucket.content = bucket.bucketSize
  const room = () => {
    bucket.drip()
    return Math.floor(bucket.content)
  }
  return {
    room,
    take: (count) => void bucket.tryRemoveTokens(count),
    waitMs: () => (room() > 0 ? 0 : Math.ceil(((1 - bucket.content) / ratePerSecond) * 1_000)),
  }
}
