import { createMessaging, type Messaging } from '@boxoffice/messaging'
import { createFoundation, type Foundation, sqlOfPool, type Transact } from '@boxoffice/service-kit'
import { type CheckInTicket, createCheckIn } from './check-in/check-in.ts'
import type { Config } from './config.ts'
import { createEventPictures, type EventsClient, type FindEventPicture } from './event-pictures/event-pictures.ts'
import { createMutexByKey } from './holds/mutex-by-key.ts'
import { createRedisPicture, type RedisPicture } from './holds/redis-picture.ts'
import { type Cancel, createCancel } from './issuing/cancel.ts'
import { createIssuing, type Issuing } from './issuing/issue.ts'
import { countCheckIns, countHolds, measureReservations } from './metrics.ts'
import { createPeers } from './peers.ts'
import { createExpiry, type Expiry } from './reservations/expire.ts'
import { createHolding } from './reservations/hold.ts'
import { createOfferCache } from './reservations/offer-cache.ts'
import { createReleases, type Releases } from './reservations/release.ts'
import { createReserve, type Reserve } from './reservations/reserve.ts'
import type { PaymentsClient } from './reservations/sweeps.ts'
import { createTogether, type Together } from './reservations/together.ts'
import { retrying } from './reservations/transactions.ts'
import { createPlanCache, type FindPlan } from './seating/plan-cache.ts'
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
  transact: Transact
  redisPicture: RedisPicture
  events: EventsClient
  payments: PaymentsClient
  findPlan: FindPlan
  seatMaps: SeatMaps
  watchSeats: SeatWatch
  findEventPicture: FindEventPicture
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
  close(): Promise<void>
}

/** Everything this service works with. `userKeys`: in tests, the keys that verify access tokens. */
export function createDependencies(config: Config, userKeys?: Parameters<typeof createFoundation>[1]): Dependencies {
  const foundation = createFoundation(config, userKeys)
  const { pool, logger, metrics, crashAt, newId, now } = foundation
  const messaging = createMessaging(foundation, config.messaging)
  const { append, appendAll } = messaging
  const transact = retrying(messaging.transact)

  const peers = createPeers(config, foundation)
  const { auth, events, payments } = peers

  const pdfs = createPdfRenderer()
  const sql = sqlOfPool(pool)
  const expiry = createExpiry({ appendAll })
  const releases = createReleases({ appendAll, logger })
  const findPlan = createPlanCache({ pool })
  const redisPicture = createRedisPicture({
    ...foundation,
    url: config.redisUrl,
    timeoutMs: config.redisTimeoutMs,
    findPlan,
    pictureMs: config.redisPictureMs,
    policy: config.policies.redis,
  })
  const seatMaps = createSeatMaps({ redisPicture, sql, cacheMs: config.seatMapCacheMs })
  const findEventPicture = createEventPictures({ pool, events })
  const codeKey = createCodeKey(config.ticketSigningKey)
  const acceptedKeys = createAcceptedKeys(codeKey, config.ticketPreviousPublicKeys)
  const recipients = createRecipients({ auth })
  measureReservations(metrics, pool)
  const holding = createHolding({
    pool,
    transact,
    redisPicture,
    expiry,
    crashAt,
    claimSeconds: config.claimTtlSeconds,
    liveMax: config.liveReservationsMax,
    waitingMax: config.holdsWaitingMax,
  })
  return {
    ...foundation,
    config,
    messaging,
    transact,
    redisPicture,
    events,
    payments,
    findPlan,
    seatMaps,
    watchSeats: createSeatWatch({ seatMaps, pollMs: config.seatMapCacheMs }),
    findEventPicture,
    expiry,
    releases,
    reserve: countHolds(
      metrics,
      createReserve({
        sql,
        holding,
        seatMaps,
        eventMutex: createMutexByKey({ waitMs: config.turnWaitMs }),
        findOffer: createOfferCache({ pool, findEventPicture, believedMs: config.offerCacheMs }),
        findPlan,
        waitingMax: config.holdsWaitingMax,
      }),
    ),
    together: createTogether({
      transact,
      releases,
      claimSeconds: config.claimTtlSeconds,
      holdSeconds: config.holdTtlSeconds,
      holdMaxSeconds: config.holdMaxSeconds,
      waitingMax: config.holdsWaitingMax,
    }),
    issuing: createIssuing({ append, appendAll, expiry, releases, crashAt, newId, publicUrl: config.publicUrl }),
    cancel: createCancel({ appendAll, releases }),
    stops: createStops({ appendAll, now }),
    recipients,
    transfers: createPassOn({
      ...{ transact, sql, append, newId, recipients },
      perHourMax: config.transfersPerHourMax,
      toAddressMax: config.offersToAddressMax,
    }),
    claimTicket: createClaimTicket({ transact, sql, append, newId, acceptedKeys }),
    checkIn: countCheckIns(
      metrics,
      createCheckIn({ transact, sql, appendAll, acceptedKeys, waitingMax: config.holdsWaitingMax }),
    ),
    codeKey,
    acceptedKeys,
    pdfs,
    printOrder: createOrderPdfs({ sql, pdfs, codeKey, pagesMax: config.orderPdfPagesMax }),
    downloadTicket: createDownloads({ sql, pdfs, codeKey, perMinute: config.printsPerMinuteMax }),
    async close() {
      redisPicture.close()
      messaging.close()
      foundation.revocations.close()
      await Promise.all([peers.close(), pdfs.close(), pool.end()])
    },
  }
}
