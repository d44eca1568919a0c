import type { UserId } from '@boxoffice/contracts'
import { askTogether, type Foundation, type SqlDatabase } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'
import { delayOf, gathered, isAboutSame, kindOf, type Placed } from './by-others.ts'
import {
  type Decision,
  findOpen,
  findPlaced,
  lockRecipients,
  type Open,
  removeGathered,
  writeDecisions,
} from './place-repository.ts'

/**
 * The decision on a notification: it goes, perhaps merged with `others`; it is due again after `waitMs`; or
 * it was merged into another.
 */
type Place =
  | { notification: LeasedNotification; others: number }
  | { waitMs: number; others: number }
  | 'GATHERED'

interface Options extends Pick<Foundation, 'logger' | 'now'> {
  db: SqlDatabase
  byOthersMax: number
  sendingMetrics: {
    count(notification: LeasedNotification, outcome: 'held' | 'gathered', times?: number): void
  }
}

/** Locking many rows of a recipient can deadlock with other deliveries to them. */
const AGAIN_AFTER_DEADLOCK = { retries: 3 }

type Asking = LeasedNotification & { readonly recipientId: UserId }

/**
 * Limits what other people can cause to be sent to a user. Notifications that the user caused or must get are
 * not limited.
 */
export function createPlaces(options: Options) {
  const { logger, sendingMetrics } = options
  const take = askTogether(
    (asking: readonly Asking[]) =>
      options.db.transact(async (tx) => {
        const recipientIds = [...new Set(asking.map(({ recipientId }) => recipientId))]
        await lockRecipients(tx, recipientIds)
        const placed: Map<UserId, readonly Placed[]> = byRecipient(await findPlaced(tx, recipientIds))
        const open: Map<UserId, readonly Open[]> = byRecipient(await findOpen(tx, recipientIds))
        const decided = { decisions: [] as Decision[], removed: [] as string[] }
        const places = asking.map((one): Place => {
          const theirs = { placed: placed.get(one.recipientId) ?? [], open: open.get(one.recipientId) ?? [] }
          const made = decide(one, theirs, { perDay: options.byOthersMax, now: options.now() })
          if (made === null) return 'GATHERED'
          placed.set(one.recipientId, made.placed)
          open.set(one.recipientId, made.open)
          decided.decisions.push(made.decision)
          decided.removed.push(...made.removed)
          const { waitMs, payload } = made.decision
          const others = made.removed.length
          return waitMs > 0 ? { waitMs, others } : { notification: { ...one, payload }, others }
        })
        await removeGathered(tx, decided.removed)
        await writeDecisions(tx, decided.decisions)
        return places
      }, AGAIN_AFTER_DEADLOCK),
    { groupMax: 50 },
  )
  return {
    /**
     * Returns the notification, merged with others about the same; null if it waits or was merged into
     * another.
     */
    async take(notification: LeasedNotification): Promise<LeasedNotification | null> {
      const { recipientId, notificationId, type, channel, eventId } = notification
      if (recipientId === null || kindOf(notification) === null) return notification
      const place = await take({ ...notification, recipientId })
      if (place === 'GATHERED') return null
      const about = { notificationId, type, channel, recipientId, eventId, others: place.others }
      if (place.others > 0) {
        sendingMetrics.count(notification, 'gathered', place.others)
        logger.info(about, 'notifications about the same were merged')
      }
      if ('notification' in place) return place.notification
      sendingMetrics.count(notification, 'held')
      logger.info(
        { ...about, waitMs: place.waitMs },
        'notification was delayed: other people caused many to its recipient',
      )
      return null
    },
  }
}
export type Places = ReturnType<typeof createPlaces>

const byRecipient = <T extends { readonly recipientId: UserId }>(rows: readonly T[]) =>
  Map.groupBy(rows, ({ recipientId }) => recipientId)

/** Decides on one notification and returns the state for the next; null if we no longer have its lease. */
function decide(
  one: Asking,
  { placed, open }: { placed: readonly Placed[]; open: readonly Open[] },
  about: { perDay: number; now: Date },
) {
  const own = open.find(({ notificationId }) => notificationId === one.notificationId)
  if (own?.lease !== one.lease) return null
  const delay = delayOf(own, placed, about)
  const waitMs = own.isPlaced ? 0 : delay.waitMs
  const others = delay.gathers
    ? open.filter((other) => other !== own && !other.isGoing && isAboutSame(own, other))
    : []
  const removed = others.map(({ notificationId }) => notificationId as string)
  const { notificationId, type, channel, eventId } = own
  const isLeft = (left: { notificationId: string }) =>
    left.notificationId !== notificationId && !removed.includes(left.notificationId)
  const place = { notificationId, type, channel, eventId, placedAt: about.now }
  const payload = gathered(own, others)
  return {
    decision: { notificationId, payload, waitMs },
    removed,
    placed: waitMs > 0 ? placed : [...placed.filter(isLeft), place],
    open: [
      ...open.filter(isLeft),
      {
        ...own,
        payload,
        isPlaced: waitMs === 0,
        isGoing: waitMs === 0,
        lease: waitMs > 0 ? null : own.lease,
      },
    ],
  }
}
