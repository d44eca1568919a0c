import { createMessaging, type Messaging } from '@boxoffice/messaging'
import {
  type Cache,
  createFoundation,
  type Foundation,
  violatedUnique,
  withOptions,
} from '@boxoffice/service-kit'
import { type CheckInTicket, createCheckIn } from './check-in/check-in.ts'
import type { Config } from './config.ts'
import {
  createEventReplicas,
  type EventsClient,
  type FindEventReplica,
} from './event-replicas/event-replicas.ts'
import { type AvailabilityCache, createAvailabilityCache } from './holds/availability-cache.ts'
import { createMutexByKey } from './holds/mutex-by-key.ts'
import { type Cancel, createCancel } from './issuing/cancel.ts'
import { createIssuing, type Issuing } from './issuing/issue.ts'
import { countCheckIns, countHolds, measureReservations } from './metrics.ts'
import { createPeers } from './peers.ts'
import { createPlanCache, type FindPlan } from './plans/plan-cache.ts'
import { createExpiry, type Expiry } from './reservations/expire.ts'
import { createHolds } from './reservations/holds.ts'
import { createOfferCache } from './reservations/offer-cache.ts'
import { createReleases, type Releases } from './reservations/release.ts'
import { createReserve, type Reserve } from './reservations/reserve.ts'
import type { PaymentsClient } from './reservations/sweeps.ts'
import { createTogether, type Together } from './reservations/together.ts'
import { createSeatMaps, type SeatMaps } from './seating/seat-maps.ts'
import { createSeatWatch, type SeatWatch } from './seating/seat-watch.ts'
import { createStops, type Stops } from './stops/stops.ts'
import { type AcceptedKey, type CodeKey, createAcceptedKeys, createCodeKey } from './tickets/codes.ts'
import { createDownloads, type DownloadTicket } from './tickets/downloads.ts'
import { createOrderPdfs, type PrintOrder } from './tickets/order-pdf.ts'
import { createPdfRenderer, type PdfRenderer } from './tickets/pdf-renderer.ts'
import { type ClaimTicket, createClaimTicket } from './transfers/claim.ts'
import { createPassOn, type PassOn } from './transfers/pass-on.ts'
import { createRecipients, type Recipients } from './transfers/recipients.ts'

export interface Dependencies extends Foundation {
  config: Config
  messaging: Messaging
  availabilityCache: AvailabilityCache
  events: EventsClient
  payments: PaymentsClient
  findPlan: FindPlan
  seatMaps: SeatMaps
  watchSeats: SeatWatch
  findEventReplica: FindEventReplica
  expiry: Expiry
  releases: Releases
  reserve: Reserve
  together: Together
  issuing: Issuing
  cancel: Cancel
  stops: Stops
  recipients: Recipients
  transfers: PassOn
  claimTicket: ClaimTicket
  checkIn: CheckInTicket
  codeKey: CodeKey
  acceptedKeys: readonly AcceptedKey[]
  pdfs: PdfRenderer
  printOrder: PrintOrder
  downloadTicket: DownloadTicket
  /** For operators. */
  caches: readonly Cache[]
  close(): Promise<void>
}

/** Every use case can be retried: after a deadlock or lock time-out, or when another claimed a seat first. */
const SAFE_TO_REPEAT = {
  retries: 2,
  retryOn: (error: unknown) => violatedUnique(error) === 'seat_claims_pkey',
}

/**
 * Creates everything that the service works with. `userKeys`: in tests, the keys that verify access tokens.
 */
export function createDependencies(
  config: Config,
  userKeys?: Parameters<typeof createFoundation>[1],
): Dependencies {
  const base = createFoundation(config, userKeys)
  const foundation = { ...base, db: withOptions(base.db, SAFE_TO_REPEAT) }
  const messaging = createMessaging(base, config.messaging)
  const { append, appendAll } = messaging
  const peers = createPeers(config, base)
  const { auth, events, payments } = peers
  const findEventReplica = createEventReplicas({ db: foundation.db, events })
  const sales = createSales({ ...foundation, append, appendAll, config, findEventReplica })
  const ticketing = createTicketing({
    ...foundation,
    append,
    appendAll,
    config,
    recipients: createRecipients({ auth }),
  })
  return {
    ...foundation,
    config,
    messaging,
    events,
    payments,
    findEventReplica,
    ...sales,
    ...ticketing,
    caches: [...sales.caches, ticketing.downloadTicket.cache],
    async close() {
      sales.availabilityCache.close()
      messaging.close()
      foundation.revocations.close()
      await Promise.all([peers.close(), ticketing.pdfs.close(), foundation.pool.end()])
    },
  }
}

type Appends = Pick<Messaging, 'append' | 'appendAll'>

/** Creates what holds places, sells them and shows which are free. */
function createSales(deps: Foundation & Appends & { config: Config; findEventReplica: FindEventReplica }) {
  const { config, db, logger, metrics, append, appendAll, crashAt, newId, findEventReplica } = deps
  const waitingMax = config.holdsWaitingMax
  const claimSeconds = config.claimTtlSeconds
  const expiry = createExpiry({ appendAll })
  const releases = createReleases({ appendAll, logger })
  const findPlan = createPlanCache({ db })
  const availabilityCache = createAvailabilityCache({
    ...deps,
    url: config.redisUrl,
    timeoutMs: config.redisTimeoutMs,
    findPlan,
    cacheTtlMs: config.availabilityCacheTtlMs,
    policy: config.policies.redis,
  })
  const seatMaps = createSeatMaps({ availabilityCache, sql: db, cacheMs: config.seatMapCacheMs })
  const liveMax = config.liveReservationsMax
  const findOffer = createOfferCache({ db, findEventReplica, cachedMs: config.offerCacheMs })
  const holds = createHolds({ db, availabilityCache, expiry, crashAt, claimSeconds, liveMax, waitingMax })
  const reserve = createReserve({
    db,
    holds,
    seatMaps,
    eventMutex: createMutexByKey({ waitMs: config.seatMutexWaitMs }),
    findOffer,
    findPlan,
    waitingMax,
  })
  measureReservations(metrics, db)
  return {
    caches: [availabilityCache.cache, seatMaps.cache, findPlan.cache, findOffer.cache],
    availabilityCache,
    findPlan,
    seatMaps,
    watchSeats: createSeatWatch({ seatMaps, pollMs: config.seatMapCacheMs }),
    expiry,
    releases,
    reserve: countHolds(metrics, reserve),
    together: createTogether({
      db,
      releases,
      claimSeconds,
      holdSeconds: config.holdTtlSeconds,
      holdMaxSeconds: config.holdMaxSeconds,
      waitingMax,
    }),
    issuing: createIssuing({
      append,
      appendAll,
      expiry,
      releases,
      crashAt,
      newId,
      publicUrl: config.publicUrl,
    }),
    cancel: createCancel({ appendAll, releases }),
  }
}

/** Creates what issued tickets are printed, transferred, stopped and checked in with. */
function createTicketing(deps: Foundation & Appends & { config: Config; recipients: Recipients }) {
  const { config, db, metrics, append, appendAll, newId, now, recipients } = deps
  const codeKey = createCodeKey(config.ticketSigningKey)
  const acceptedKeys = createAcceptedKeys(codeKey, config.ticketPreviousPublicKeys)
  const pdfs = createPdfRenderer()
  return {
    stops: createStops({ appendAll, now }),
    recipients,
    transfers: createPassOn({
      ...{ db, append, newId, recipients },
      perHourMax: config.transfersPerHourMax,
      toAddressMax: config.offersToAddressMax,
    }),
    claimTicket: createClaimTicket({ db, append, newId, acceptedKeys }),
    checkIn: countCheckIns(
      metrics,
      createCheckIn({ db, appendAll, acceptedKeys, waitingMax: config.holdsWaitingMax }),
    ),
    codeKey,
    acceptedKeys,
    pdfs,
    printOrder: createOrderPdfs({ sql: db, pdfs, codeKey, pagesMax: config.orderPdfPagesMax }),
    downloadTicket: createDownloads({ sql: db, pdfs, codeKey, perMinute: config.printsPerMinuteMax }),
  }
}
