import { authInternalRoutes, eventsInternalRoutes, paymentsInternalRoutes } from '@boxoffice/contracts'
import { createMessaging, type Messaging } from '@boxoffice/messaging'
import {
  createFoundation,
  createGuard,
  createInternalClient,
  type Foundation,
  sqlOfPool,
  type Transact,
} from '@boxoffice/service-kit'
import { type CheckInTicket, createCheckIn } from './check-in/check-in.ts'
import type { Config } from './config.ts'
import { createEventPictures, type EventsClient, type FindEventPicture } from './event-pictures/event-pictures.ts'
import { createBulkhead } from './holds/bulkhead.ts'
import { createRedisPicture, type RedisPicture } from './holds/redis-picture.ts'
import { createTurns } from './holds/turns.ts'
import { type Cancel, createCancel } from './issuing/cancel.ts'
import { createIssue, type Issue } from './issuing/issue.ts'
import { createHolding } from './reservations/hold.ts'
import { createOffers } from './reservations/offers.ts'
import { createReserve, type Reserve } from './reservations/reserve.ts'
import type { PaymentsClient } from './reservations/sweeps.ts'
import { retrying } from './reservations/transactions.ts'
import { createPlans, type FindPlan } from './seating/plans.ts'
import { createSeatMaps, type SeatMaps } from './seating/seat-maps.ts'
import { createSeatWatch, type SeatWatch } from './seating/seat-watch.ts'
import { type CodeKey, createCodeKey } from './tickets/codes.ts'
import { createPdfRenderer, type PdfRenderer } from './tickets/pdf-renderer.ts'
import { createPassOn, type PassOn } from './transfers/pass-on.ts'
import { createRecipients, type FindRecipient } from './transfers/recipients.ts'

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
  reserve: Reserve
  issue: Issue
  cancel: Cancel
  findRecipient: FindRecipient
  transfers: PassOn
  checkIn: CheckInTicket
  codeKey: CodeKey
  pdfs: PdfRenderer
  close(): Promise<void>
}

/** Everything this service works with. `userKeys`: in tests, the keys that verify access tokens. */
export function createDependencies(config: Config, userKeys?: Parameters<typeof createFoundation>[1]): Dependencies {
  const foundation = createFoundation(config, userKeys)
  const { pool, logger, crashAt } = foundation
  const messaging = createMessaging(foundation, config.messaging)
  const transact = retrying(messaging.transact)

  const peers = createPeers(config, foundation)
  const { auth, events, payments } = peers

  const pdfs = createPdfRenderer()
  const sql = sqlOfPool(pool)
  const findPlan = createPlans({ pool })
  const redisPicture = createRedisPicture({ url: config.redisUrl, pool, logger, findPlan })
  const seatMaps = createSeatMaps({ redisPicture, sql })
  const findEventPicture = createEventPictures({ pool, events })
  const codeKey = createCodeKey(config.ticketSigningKey)
  const findRecipient = createRecipients({ auth })
  const limits = { claimSeconds: config.claimTtlSeconds, liveMax: config.liveReservationsMax }
  const direct = { places: config.directHoldsMax, waitMs: config.directHoldWaitMs }
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
    watchSeats: createSeatWatch({ seatMaps }),
    findEventPicture,
    reserve: createReserve({
      transact,
      sql,
      holding: createHolding({ ...limits, transact, redisPicture, bulkhead: createBulkhead(direct), crashAt }),
      seatMaps,
      turns: createTurns(),
      findOffer: createOffers({ pool, findEventPicture, believedMs: config.offerCacheMs }),
      findPlan,
      ...limits,
    }),
    issue: createIssue({ append: messaging.append, crashAt, newId: foundation.newId, publicUrl: config.publicUrl }),
    cancel: createCancel({ append: messaging.append }),
    findRecipient,
    transfers: createPassOn({
      transact,
      sql,
      append: messaging.append,
      newId: foundation.newId,
      findRecipient,
      perHourMax: config.transfersPerHourMax,
    }),
    checkIn: createCheckIn({ transact, sql, codeKey }),
    codeKey,
    pdfs,
    async close() {
      redisPicture.close()
      messaging.close()
      foundation.revocations.close()
      await Promise.all([peers.close(), pdfs.close(), pool.end()])
    },
  }
}

/** Clients of the services that are asked, each with its breaker. */
function createPeers(config: Config, { identity, metrics }: Foundation) {
  const guards = { auth: guardOf('auth'), events: guardOf('events'), payments: guardOf('payments') }
  function guardOf(callee: 'auth' | 'events' | 'payments') {
    return createGuard(callee, config.policies[callee], metrics)
  }
  const about = (callee: keyof typeof guards) => ({ callee, identity, guard: guards[callee], policy: config.policies[callee] })
  const { getUserByEmail } = authInternalRoutes
  const auth = createInternalClient({ getUserByEmail }, { ...about('auth'), baseUrl: config.authUrl })
  const events = createInternalClient(eventsInternalRoutes, { ...about('events'), baseUrl: config.eventsUrl })
  const payments = createInternalClient(paymentsInternalRoutes, { ...about('payments'), baseUrl: config.paymentsUrl })
  return {
    auth,
    events,
    payments,
    async close() {
      for (const guard of Object.values(guards)) guard.close()
      await Promise.all([auth.close(), events.close(), payments.close()])
    },
  }
}
