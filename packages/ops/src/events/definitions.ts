import type { EventId } from '@boxoffice/contracts'
import { defineCommand } from '../framework/command.ts'
import { count, id } from '../operands.ts'

export const eventsCommands = [
  defineCommand({
    name: 'events refunds',
    summary: 'show how far the refunds of cancelled events are',
    args: { eventId: { ...id<EventId>('an event id', 'only this event'), optional: true } },
    options: { limit: { value: '<count>', ...count('--limit', 'at most this many events'), default: '20' } },
    json: {
      rows: 'events',
      fields: [
        'eventId',
        'cancelledAt',
        'orders',
        'refunded',
        'inProgress',
        'failing',
        'remaining',
        'amounts',
        'finished',
        'lastError',
      ],
    },
    exit1: 'if a refund fails, or payments is unavailable',
    examples: [
      ['events refunds', 'every cancelled event'],
      ['events refunds 0b7e…', 'one event'],
    ],
    run: async ({ args, options, config, terminal }) =>
      (await import('./refunds.ts')).listEventRefunds(config, args.eventId, options, terminal),
  }),
]
