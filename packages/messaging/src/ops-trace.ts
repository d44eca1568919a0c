import {
  type OpsRoutes,
  queueNames,
  type RelatedIds,
  type TraceEntry,
  traceLimits,
} from '@boxoffice/contracts'
import type { Handlers, Sql } from '@boxoffice/service-kit'
import { z } from 'zod'
import { findHandled, findWritten, type HandledMessage, type WrittenMessage } from './ops-trace-repository.ts'

/** What was found: its entries, and the ids that belong together. */
export interface Traced {
  readonly entries: readonly TraceEntry[]
  readonly related: { readonly [Kind in keyof RelatedIds]?: readonly (string | null)[] }
}
/**
 * Finds what a service recorded besides its messages, by ids of any kind (UUIDs in lower case): at most `max`
 * rows of a kind, the oldest first.
 */
export type TraceSource = (ids: readonly string[], max: number) => Promise<Traced>

/** One more than an answer has shows that there are more. */
const MAX = traceLimits.entriesMax + 1

/** Lets operators follow orders, tickets, messages and requests. `sources` are those of the service. */
export function traceHandlers(db: Sql, sources: readonly TraceSource[]): Pick<Handlers<OpsRoutes>, 'trace'> {
  const all = [createMessageSource(db), ...sources]
  return {
    async trace({ body }) {
      const ids = [...new Set(body.ids.map((id) => id.toLowerCase()))]
      const found = await Promise.all(all.map((find) => find(ids, MAX)))
      const entries = found
        .flatMap(({ entries }) => entries)
        .toSorted((a, b) => a.at.getTime() - b.at.getTime())
      const [related, isWhole] = relatedOf(found)
      const truncated = entries.length > traceLimits.entriesMax || !isWhole
      return {
        status: 200,
        body: { related, entries: entries.slice(0, traceLimits.entriesMax), truncated },
      }
    },
  }
}

const isId = (id: string | null): id is string => z.uuid().safeParse(id).success

/** Returns the ids of all sources, each once, and whether these are all. */
function relatedOf(found: readonly Traced[]): [RelatedIds, boolean] {
  const kinds = ['orderIds', 'ticketIds', 'messageIds', 'correlationIds'] as const
  const ids = kinds.map((kind) => [
    ...new Set(found.flatMap(({ related }) => related[kind] ?? []).filter(isId)),
  ])
  const related = Object.fromEntries(
    kinds.map((kind, index) => [kind, ids[index]?.slice(0, traceLimits.relatedMax) ?? []]),
  )
  return [related as RelatedIds, ids.every(({ length }) => length <= traceLimits.relatedMax)]
}

/** Finds the messages that the service wrote, and those that it handled. */
const createMessageSource =
  (db: Sql): TraceSource =>
  async (ids, max) => {
    const written = await findWritten(db, ids, { max, ticketsMax: traceLimits.relatedMax })
    const messageIds = written.map(({ messageId }) => messageId)
    const handled = await findHandled(db, [...new Set([...ids, ...messageIds])], queueNames, max)
    return {
      entries: [...written.flatMap(entriesOf), ...handled.map(entryOf)],
      related: {
        orderIds: written.map(({ orderId }) => orderId),
        ticketIds: written.flatMap(({ ticketIds }) => ticketIds),
        messageIds: [...messageIds, ...handled.map(({ messageId }) => messageId)],
        correlationIds: written.map(({ correlationId }) => correlationId),
      },
    }
  }

function entriesOf(message: WrittenMessage): TraceEntry[] {
  const { messageId, topic, eventType, correlationId, orderId, ticketIds } = message
  const { createdAt, publishedAt, attempts, isAgain } = message
  const [ticketId, ...others] = ticketIds
  const about = {
    what: `${eventType} to ${topic}${isAgain ? ' again' : ''}`,
    messageId,
    ...(correlationId && { correlationId }),
    ...(orderId && { orderId }),
    ...(ticketId && others.length === 0 && { ticketId }),
  }
  const failed = publishedAt || attempts < 2 ? null : `unpublished after ${attempts} attempts`
  return [
    { at: createdAt, kind: 'WRITTEN', ...about, ...(failed && { detail: failed }) },
    ...(publishedAt ? [{ at: publishedAt, kind: 'PUBLISHED' as const, ...about }] : []),
  ]
}

const entryOf = ({ receivedAt, eventType, messageId, queue }: HandledMessage): TraceEntry => ({
  at: receivedAt,
  kind: 'HANDLED',
  what: eventType,
  messageId,
  queue,
})
