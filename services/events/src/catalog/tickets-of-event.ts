import type { EventId, EventInfo, ticketsOfEventRoutes } from '@boxoffice/contracts'
import { type Client, type Logger, ServiceUnavailable, UnexpectedAnswer } from '@boxoffice/service-kit'

/**
 * What the ticket service is asked and told at once. No edit of an event depends on it: neither call rejects.
 */
export interface TicketsOfEvent {
  /** How many tickets of an event are valid or used; undefined when the ticket service cannot say. */
  count(eventId: EventId): Promise<number | undefined>
  /**
   * Its replica of an event is the event as it stands now; else the message of the change brings it a little
   * later.
   */
  tell(event: EventInfo): Promise<void>
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
      logger.warn(
        { err: error, eventId },
        'the ticket service was unavailable; an event was changed without it',
      )
      return undefined
    }
  }
  return {
    count: (eventId) =>
      unlessUnavailable(
        eventId,
        async () => (await client.countTickets({ params: { eventId } })).body.ticketCount,
      ),
    async tell(event) {
      const { eventId } = event
      const answer = await unlessUnavailable(eventId, () =>
        client.putEventReplica({ params: { eventId }, body: event }),
      )
      // Such as an instance of before, which does not know a new field: the message says it again.
      if (answer?.status === 400)
        logger.warn({ eventId, details: answer.body.details }, 'the ticket service refused an event')
    },
  }
}
