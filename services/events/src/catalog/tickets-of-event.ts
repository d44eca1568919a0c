import type { EventId, EventInfo, ticketsOfEventRoutes } from '@boxoffice/contracts'
import { type Client, type Logger, ServiceUnavailable, UnexpectedAnswer } from '@boxoffice/service-kit'

/** Synchronous calls to the ticket service. No edit of an event depends on them: neither rejects. */
export interface TicketsOfEvent {
  /** Counts the valid and used tickets of an event; undefined if the ticket service is unavailable. */
  count(eventId: EventId): Promise<number | undefined>
  /** Updates its replica of an event now; otherwise the message of the change does so a little later. */
  updateReplica(event: EventInfo): Promise<void>
}

export function createTicketsOfEvent(
  client: Client<typeof ticketsOfEventRoutes>,
  logger: Logger,
): TicketsOfEvent {
  async function unlessUnavailable<T>(eventId: EventId, call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ServiceUnavailable || error instanceof UnexpectedAnswer)) throw error
      logger.warn({ err: error, eventId }, 'ticket service was unavailable, event was changed without it')
      return undefined
    }
  }
  return {
    count: (eventId) =>
      unlessUnavailable(
        eventId,
        async () => (await client.countTickets({ params: { eventId } })).body.ticketCount,
      ),
    async updateReplica(event) {
      const { eventId } = event
      const answer = await unlessUnavailable(eventId, () =>
        client.putEventReplica({ params: { eventId }, body: event }),
      )
      // For example an older instance that does not know a new field; the message will update it.
      if (answer?.status === 400)
        logger.warn({ eventId, details: answer.body.details }, 'ticket service refused an event')
    },
  }
}
