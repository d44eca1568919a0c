/** Everything that a service calls behind a breaker. */
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

/** When calls are no longer made. Rates are percentages of the calls in the window. */
export interface BreakerLimits {
  /** The size of the window, in calls. */
  readonly windowCalls: number
  /** Calls in the window before a verdict. */
  readonly minimumCalls: number
  /** Opens as soon as this share has failed. */
  readonly failurePercent: number
  /** Stays open for so long, then lets up to `trialCalls` through and judges them by the same rates. */
  readonly openMs: number
  readonly trialCalls: number
  /** A longer call is slow, whether it is answered or not; opens as soon as `slowPercent` of them are. */
  readonly slowMs?: number
  readonly slowPercent?: number
}

/** The policy of a callee. Times in milliseconds; an absent limit does not apply. */
export interface Policy {
  readonly breaker: BreakerLimits
  /** `attempts` in all, 1 by default; the waits double from `firstWaitMs`. */
  readonly retry?: { readonly attempts?: number; readonly firstWaitMs: number }
  readonly bulkhead?: { readonly concurrent: number; readonly waitMs: number }
  readonly ratePerSecond?: number
  /** How long a call waits for the rate before it is refused; not at all by default. */
  readonly rateWaitMs?: number
  /** How long another service may take to answer; 10 s by default. */
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
 * The default policies (`Resilience`), taken from Resilience4j's settings in the reference (`002`,
 * "Service-Specific Circuit Breaker Settings"): one breaker per callee. Every figure can be configured
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
  // PDFs of many pages take the ticket service seconds, and a mail that waits for one is retried.
  documents: {
    breaker: { windowCalls: 10, minimumCalls: 5, failurePercent: 50, openMs: 30_000, trialCalls: 3 },
    bulkhead: { concurrent: 4, waitMs: 500 },
    // less than a notification's lease, which is renewed when everything is rendered
    responseTimeoutMs: 20_000,
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
  // No rate by default. Calls wait for one that is set: notifications leases no more than may go.
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
  // Per device, of which a notification may have several.
  push: {
    breaker: delivery,
    retry: { firstWaitMs: 1_000 },
    bulkhead: { concurrent: 100, waitMs: 100 },
    rateWaitMs: 5_000,
  },
  // Push services named by users: their failures open each other's breaker, but not that of the browsers'
  // push services.
  pushElsewhere: { breaker: delivery, bulkhead: { concurrent: 4, waitMs: 100 }, rateWaitMs: 5_000 },
  // Close by and optional: opens for two seconds after three failures in a row, then one call tries.
  redis: { breaker: { windowCalls: 3, minimumCalls: 3, failurePercent: 100, openMs: 2_000, trialCalls: 1 } },
}
