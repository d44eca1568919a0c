import type { Message, MessageDefinition } from '@boxoffice/contracts'
import type { Logger, Metrics } from '@boxoffice/service-kit'
import { z } from 'zod'
import { findProjected } from '../projection/facts.ts'
import type { Source } from './rebuild.ts'

/** Counts and logs an archived message that no rebuild can project, and why. Retrying it would never end. */
export type LeaveOut = (
  source: Source,
  message: { messageId?: unknown; eventType?: unknown },
  why: object,
) => void

export function createLeaveOut(options: { metrics: Pick<Metrics, 'counter'>; logger: Logger }): LeaveOut {
  const invalid = options.metrics.counter(
    'rebuild_invalid_messages_total',
    'archived messages that a rebuild skipped: they do not match their schema, or PostgreSQL refuses them',
    ['source'],
  )
  return (source, { messageId, eventType }, why) => {
    invalid.inc({ source })
    options.logger.error(
      { source, messageId, eventType, ...why },
      'archived message cannot be projected: skipped',
    )
  }
}

/** Returns the messages of a page that the projection consumes. */
export function readable(
  source: Source,
  page: readonly Record<string, unknown>[],
  leaveOut: LeaveOut,
): Message<MessageDefinition>[] {
  return page.flatMap((envelope) => {
    const definition = findProjected(String(envelope.eventType))
    if (!definition) return []
    const read = z.safeDecode(definition.schema as z.ZodType, envelope as never)
    if (read.success) return [read.data as Message<MessageDefinition>]
    leaveOut(source, envelope, { issue: read.error.issues[0] })
    return []
  })
}
