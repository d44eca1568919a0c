/** Whatever a service calls behind a breaker. */
export type Callee =
  | 'auth'
  | 'events'
  | 'tickets'
  | 'documents'
  | 'payments'
  | 'gateway'
  | 'mail'
  | 'sms'
  | 'push'
  | 'pushElsewhere'
  | 'redis'

/** When calls are no longer made. Rates are in percent of the calls that are looked at. */
export interface BreakerLimits {
  /** The last calls that are looked at, whenever they were made. */
  readonly windowCalls: number
  /** Nothing is decided before so many of them are known. */
  readonly minimumCalls: number
  /** It opens as soon as so many of them failed. */
  readonly failurePercent: number
  /** It stays open for so long, then lets `trialCalls` through at most, and decides by the same rates. */
  readonly openMs: number
  readonly trialCalls: number
  /**
   * A call that takes longer is slow, whether it is answered or not; it opens as soon as `slowPercent` of
   * them are.
   */
  readonly slowMs?: number
  readonly slowPercent?: number
}

/** How much trust a callee gets. Times in milliseconds; a limit that is absent does not apply. */
export interface Policy {
  readonly breaker: BreakerLimits
  /** `attempts` in all, 1 where none are given; the waits double from `firstWaitMs`. */
  readonly retry?: { readonly attempts?: number; readonly firstWaitMs: number }
  readonly bulkhead?: { readonly concurrent: number; readonly waitMs: number }
  readonly ratePerSecond?: number
  /**
   * How long a call waits for a place in the rate before it is refused; not at all where nothing is given.
   */
  readonly rateWaitMs?: number
  /** How long another service may take to answer; 10 s where nothing is given. */
  readonly responseTimeoutMs?: number
}

const standard: BreakerLimits = {
  windowCalls: 10,
  minimumCalls: 5,
  failurePercent: 50,
  openMs: 30_000,
  trialCalls: 3,
  slowMs: 2_000,
  slowPercent: 50,
}
const delivery: BreakerLimits = {
  windowCalls: 10,
  minimumCalls: 5,
  failurePercent: 60,
  openMs: 60_000,
  trialCalls: 3,
}

/**
 * The table of the design (`Resilience`), taken from Resilience4j's settings in the reference (`002`,
 * "Service-Specific Circuit Breaker Settings"): one breaker per callee. Every figure is configuration
 * (`RESILIENCE`).
 */
export const policies: Readonly<Record<Callee, Policy>> = {
  auth: {
    breaker: { windowCalls: 10, minimumCalls: 5, failurePercent: 50, openMs: 30_000, trialCalls: 3 },
    retry: { attempts: 3, firstWaitMs: 1_000 },
  },
  events: { breaker: standard, retry: { attempts: 3, firstWaitMs: 500 } },
  tickets: {
    breaker: { windowCalls: 20, minimumCalls: 10, failurePercent: 40, openMs: 60_000, trialCalls: 5 },
    retry: { attempts: 3, firstWaitMs: 500 },
    bulkhead: { concurrent: 50, waitMs: 500 },
  },
  // The ticket service's PDFs of many pages: their time is counted in seconds, and a mail that waits for one
  // is tried again.
  documents: {
    breaker: { windowCalls: 10, minimumCalls: 5, failurePercent: 50, openMs: 30_000, trialCalls: 3 },
    bulkhead: { concurrent: 4, waitMs: 500 },
    responseTimeoutMs: 20_000, // less than a notification's lease, which is renewed when all is made
  },
  payments: { breaker: standard },
  gateway: {
    breaker: {
      windowCalls: 15,
      minimumCalls: 8,
      failurePercent: 30,
      openMs: 45_000,
      trialCalls: 4,
      slowMs: 5_000,
      slowPercent: 60,
    },
    bulkhead: { concurrent: 20, waitMs: 1_000 },
    ratePerSecond: 50,
    rateWaitMs: 500,
  },
  // No rate is set here. Who sets one has them wait for it: notifications leases no more than go.
  mail: {
    breaker: delivery,
    retry: { firstWaitMs: 1_000 },
    bulkhead: { concurrent: 100, waitMs: 100 },
    rateWaitMs: 5_000,
  },
  sms: {
    breaker: delivery,
    retry: { firstWaitMs: 1_000 },
    bulkhead: { concurrent: 20, waitMs: 100 },
    rateWaitMs: 5_000,
  },
  // A rate is of devices, of which a notification may have several.
  push: {
    breaker: delivery,
    retry: { firstWaitMs: 1_000 },
    bulkhead: { concurrent: 100, waitMs: 100 },
    rateWaitMs: 5_000,
  },
  // Push services that users named, and may run: their failures close the way to each other, and to none that
  // browsers bring.
  pushElsewhere: { breaker: delivery, bulkhead: { concurrent: 4, waitMs: 100 }, rateWaitMs: 5_000 },
  // A helper that is close by: three failures in a row, then nothing for two seconds, then one call tries.
  redis: { breaker: { windowCalls: 3, minimumCalls: 3, failurePercent: 100, openMs: 2_000, trialCalls: 1 } },
}
