import type { UserId } from '@boxoffice/contracts'
import {
  continueTrace,
  createSweeper,
  type Foundation,
  outsideTrace,
  withCorrelationId,
} from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { blanked } from '../notifications/blanked.ts'
import { type EnqueueDeps, enqueue } from '../notifications/enqueue.ts'
import { type NotificationDraft, waitAfter } from '../notifications/notification.ts'
import type { Peers } from '../peers/peers.ts'
import { advance, type LeasedAnnouncement, leaseAnnouncement, putOff } from './announcement-repository.ts'

const HOLDERS_A_PAGE = 100
const FIRST_WAIT_MS = 1_000

/**
 * Turns announcements into notifications, one page of holders at a time. Holders are fetched outside any
 * transaction; their notifications and the cursor are one commit, so another process can continue after a
 * crash and no holder is notified twice.
 */
export function createAnnouncer(
  deps: Pick<Foundation, 'logger'> &
    EnqueueDeps & {
      db: Database
      peers: Pick<Peers, 'tickets'>
      leaseMs: number
      pollMs: number
      /** Called when notifications have been enqueued. */
      onEnqueued: () => void
    },
) {
  const { db, logger, leaseMs } = deps
  let stopping = false

  async function spread(announcement: LeasedAnnouncement): Promise<void> {
    const { eventId, announcementId, type } = announcement
    let { position } = announcement
    while (!stopping) {
      const query = { limit: HOLDERS_A_PAGE, ...(position && { cursor: position }) }
      const { status, body } = await deps.peers.tickets.listHolders({ params: { eventId }, query })
      if (status !== 200) throw new Error(`listing the holders of event ${eventId} was refused`)
      const drafts = body.holders.map(({ userId }) => draftOf(announcement, userId))
      const ours = await deps.db.transact(async (tx) => {
        if (!(await advance(tx, announcement, { position: body.nextCursor, count: drafts.length, leaseMs })))
          return false
        // One trace of thousands of mails would be unreadable.
        await outsideTrace(() => enqueue(tx, drafts, deps))
        return true
      })
      deps.onEnqueued()
      if (!ours) return
      position = body.nextCursor
      if (position === null)
        return logger.info({ announcementId, type, eventId }, 'all ticket holders were notified')
    }
    await putOff(db, announcement, 0)
  }

  async function sweep(): Promise<{ more: boolean }> {
    const announcement = await leaseAnnouncement(db, deps.newId(), leaseMs)
    if (!announcement) return { more: false }
    await withCorrelationId(announcement.correlationId, () =>
      continueTrace(announcement.traceparent, `announce ${announcement.type}`, () =>
        spread(announcement),
      ).catch(async (error) => {
        const { announcementId, type, eventId, attempts } = announcement
        const waitMs = waitAfter(attempts, FIRST_WAIT_MS)
        logger.warn(
          { err: blanked(error), announcementId, type, eventId, attempts, waitMs },
          'announcement was interrupted, will be retried',
        )
        await putOff(db, announcement, waitMs)
      }),
    )
    return { more: !stopping }
  }

  const sweeper = createSweeper({ name: 'announcer', intervalMs: deps.pollMs, sweep, logger })
  return {
    ...sweeper,
    start() {
      stopping = false
      sweeper.start()
    },
    async stop() {
      stopping = true
      await sweeper.stop()
    },
  }
}

const draftOf = (
  { announcementId, type, eventId, payload, correlationId }: LeasedAnnouncement,
  userId: UserId,
): NotificationDraft => ({
  messageId: announcementId,
  correlationId,
  type,
  recipientId: userId,
  eventId,
  payload,
})
