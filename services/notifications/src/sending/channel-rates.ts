import { createSteadyRate, type Policy, type SteadyRate } from '@boxoffice/service-kit'
import type { Capacity } from '../notifications/lease-repository.ts'
import type { SentBy } from '../preferences/preference.ts'

/** How many notifications may be sent per second, by channel; undefined: unlimited. */
export type RatesPerSecond = Readonly<Record<SentBy, Policy['ratePerSecond']>>

/** Tracks the send rate of each channel. */
export function createChannelRates(ratesPerSecond: RatesPerSecond) {
  const channels = Object.keys(ratesPerSecond) as SentBy[]
  const limited: ReadonlyMap<SentBy, SteadyRate> = new Map(
    channels.flatMap((channel) => {
      const rate = ratesPerSecond[channel]
      return rate ? [[channel, createSteadyRate(rate)] as const] : []
    }),
  )
  return {
    /**
     * Returns how many of each channel may be sent now, up to `max`; null if no channel is limited. Adds
     * channels without capacity to `exhausted`, and treats those in it as such.
     */
    capacity(max: number, exhausted: Set<SentBy>): Capacity | null {
      if (limited.size === 0) return null
      const capacity = new Map<SentBy, number>()
      for (const channel of channels) {
        const available = exhausted.has(channel) ? 0 : (limited.get(channel)?.available() ?? max)
        if (available > 0) capacity.set(channel, available)
        else exhausted.add(channel)
      }
      return capacity
    },
    /** Returns the limited channels whose capacity `counts` uses up. */
    usedUp(capacity: Capacity | null, counts: ReadonlyMap<SentBy, number>): SentBy[] {
      return [...limited.keys()].filter(
        (channel) => (counts.get(channel) ?? 0) >= (capacity?.get(channel) ?? Infinity),
      )
    },
    take(counts: ReadonlyMap<SentBy, number>): void {
      for (const [channel, count] of counts) limited.get(channel)?.take(count)
    },
    /** Returns how long until a used-up channel has capacity again; null if none is used up. */
    waitMs(): number | null {
      const waits = [...limited.values()].map((rate) => rate.waitMs()).filter((waitMs) => waitMs > 0)
      return waits.length > 0 ? Math.min(...waits) : null
    },
  }
}
export type ChannelRates = ReturnType<typeof createChannelRates>
