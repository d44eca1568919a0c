import type { OrderId, paymentsInternalRoutes } from '@boxoffice/contracts'
import { type Client, type Database, ServiceUnavailable } from '@boxoffice/service-kit'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import { type Expiry, SWEEP_BATCH_MAX } from './expire.ts'
import { extendClaim, listOverdueClaims } from './expiry-repository.ts'
import type { Releases } from './release.ts'

export type PaymentsClient = Pick<Client<typeof paymentsInternalRoutes>, 'getOrderInfo'>

const OVERDUE_BATCH_MAX = 50
/** Extension of a claim whose order is undecided: longer than the interval of the sweep. */
const EXTENSION_SECONDS = 180

/** Expires overdue holds, a batch at a time. */
export function createExpirySweep(deps: {
  db: Database
  availabilityCache: AvailabilityCache
  expiry: Expiry
}) {
  const { db, availabilityCache, expiry } = deps
  return async () => {
    const expired = await db.transact(expiry.expireOldest)
    await availabilityCache.release(expired)
    return { more: expired.length === SWEEP_BATCH_MAX }
  }
}

/**
 * Decides claims past their deadline. They are never released unchecked, since the payment may still be
 * running: the payment service knows the state of the order, and while it is unavailable the claim stays.
 */
export function createOverdueSweep(deps: {
  db: Database
  availabilityCache: AvailabilityCache
  payments: PaymentsClient
  releases: Releases
}) {
  const { db, availabilityCache, releases } = deps
  return async () => {
    const overdue = await db.transact((tx) => listOverdueClaims(tx, OVERDUE_BATCH_MAX))
    let decided = 0
    for (const { reservationId, orderId, eventId } of overdue) {
      const verdict = await verdictOf(deps.payments, orderId)
      if (verdict === 'unknown') {
        availabilityCache.markStale(eventId) // it must not expire in Redis either
        continue
      }
      decided++
      if (verdict === 'release') {
        const result = await db.transact((tx) =>
          releases.releaseClaim(tx, { orderId, reservationId, reason: 'CLAIM_OVERDUE' }),
        )
        if (result.outcome === 'released') await availabilityCache.release([result.reservation])
      } else {
        await db.transact((tx) => extendClaim(tx, reservationId, EXTENSION_SECONDS))
        availabilityCache.markStale(eventId)
      }
    }
    return { more: decided === OVERDUE_BATCH_MAX }
  }
}

/**
 * Returns what to do with a claim, by its order. The claim of a paid order is kept: its tickets are being
 * issued.
 */
async function verdictOf(
  payments: PaymentsClient,
  orderId: OrderId,
): Promise<'release' | 'keep' | 'unknown'> {
  try {
    const answer = await payments.getOrderInfo({ params: { orderId } })
    if (answer.status === 404) return 'release'
    const { status } = answer.body
    return status === 'PENDING' || status === 'PAID' || status === 'CONFIRMED' ? 'keep' : 'release'
  } catch (error) {
    if (error instanceof ServiceUnavailable) return 'unknown'
    throw error
  }
}
