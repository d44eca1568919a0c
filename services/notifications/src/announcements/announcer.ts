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
import { enqueue, type Made } from '../notifications/enqueue.ts'
import { type Wanted, waitAfter } from '../notifications/notification.ts'
import type { Peers } from '../peers/peers.ts'
import { advance, type LeasedAnnouncement, leaseAnnouncement, putOff } from './announcement-repository.ts'

const HOLDERS_A_PAGE = 100
const FIRST_WAIT_MS = 1_000

/**
 * Turns announcements into notifications, a page of holders at a time: they are asked for outside any
 * transaction, and their notifications and the place in the list are one commit. Whoever dies, another goes
 * on from there; nobody is told twice.
 */
export function createAnnouncer(
  deps: Pick<Foundation, 'logger'> &
    Made & {
      db: Database
      peers: Pick<Peers, 'tickets'>
      leaseMs: number
      pollMs: number
      /** There are notifications to be sent. */
      told: () => void
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
      if (status !== 200) throw new Error(`the holders of event ${eventId} were refused`)
      const wanted = body.holders.map(({ userId }) => wantedOf(announcement, userId))
      const ours = await deps.db.transact(async (tx) => {
        if (!(await advance(tx, announcement, { position: body.nextCursor, count: wanted.length, leaseMs })))
          return false
        // A mail to each of thousands: a trace of them all would be read by nobody.
        await outsideTrace(() => enqueue(tx, wanted, deps))
        return true
      })
      deps.told()
      if (!ours) return
      position = body.nextCursor
      if (position === null)
        return logger.info({ announcementId, type, eventId }, 'everybody who holds a ticket is told')
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

const wantedOf = (
  { announcementId, type, eventId, payload, correlationId }: LeasedAnnouncement,
  userId: UserId,
): Wanted => ({
  messageId: announcementId,
  correlationId,
  type,
  recipientId: userId,
  eventId,
  payload,
})
