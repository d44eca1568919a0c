import type { UserId } from '@boxoffice/contracts'
import { askTogether, type Transact } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'
import { gathered, isAboutSame, kindOf, type Placed, turnOf } from './by-others.ts'
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
 * Whether a notification goes now: `notification`, perhaps with what others said too, `others` of them; it is due again after `waitMs`;
 * or it was told of with another, and is there no more.
 */
export type Place = { notification: LeasedNotification; others: number } | { waitMs: number; others: number } | 'GATHERED'

type Asking = LeasedNotification & { readonly recipientId: UserId }

/** Gives places to what others cause to be sent to a user. What is owed, or the user's own doing, needs none. */
export function createPlaces(options: { transact: Transact; byOthersMax: number; now: () => Date }) {
  const take = askTogether(
    (asking: readonly Asking[]) =>
      options.transact(async (tx) => {
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
      }),
    { groupMax: 50 },
  )
  return {
    take: async (notification: LeasedNotification): Promise<Place> => {
      const { recipientId } = notification
      if (recipientId === null || kindOf(notification) === null) return { notification, others: 0 }
      return take({ ...notification, recipientId })
    },
  }
}
export type Places = ReturnType<typeof createPlaces>

const byRecipient = <T extends { readonly recipientId: UserId }>(rows: readonly T[]) =>
  Map.groupBy(rows, ({ recipientId }) => recipientId)

/** What becomes of one, and how things stand for the next; null where it is not ours any more. */
function decide(
  one: Asking,
  { placed, open }: { placed: readonly Placed[]; open: readonly Open[] },
  about: { perDay: number; now: Date },
) {
  const own = open.find(({ notificationId }) => notificationId === one.notificationId)
  if (own?.lease !== one.lease) return null
  const turn = turnOf(own, placed, about)
  const waitMs = own.isPlaced ? 0 : turn.waitMs
  const others = turn.gathers ? open.filter((other) => other !== own && !other.isGoing && isAboutSame(own, other)) : []
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
      { ...own, payload, isPlaced: waitMs === 0, isGoing: waitMs === 0, lease: waitMs > 0 ? null : own.lease },
    ],
  }
}
