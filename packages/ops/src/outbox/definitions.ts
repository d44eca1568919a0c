import { defineCommand } from '../framework/command.ts'
import { count, eventType, id, service, since } from '../operands.ts'

export const outboxCommands = [
  defineCommand({
    name: 'outbox list',
    summary: 'list unpublished messages of the services, the oldest first',
    args: { service: { ...service, optional: true, summary: 'only of this service' } },
    options: {
      all: { summary: 'published ones too, newest first' },
      type: { value: '<eventType>', ...eventType },
      since: { value: '<time>', ...since('only messages written since') },
      limit: { value: '<count>', ...count('--limit', 'at most this many of each service'), default: '20' },
    },
    json: {
      rows: 'messages',
      fields: [
        'service',
        'messageId',
        'topic',
        'eventType',
        'correlationId',
        'attempts',
        'createdAt',
        'publishedAt',
        'leasedUntil',
        'archived',
      ],
    },
    exit1: 'if a message is unpublished after more than one attempt, or a service is unavailable',
    examples: [
      ['outbox list', 'what waits to be published'],
      ['outbox list payments --all --since 15m', 'what payments wrote in 15 minutes'],
    ],
    run: async ({ args, options, config, terminal }) =>
      (await import('./list.ts')).listOutbox(config, args.service, options, terminal),
  }),
  defineCommand({
    name: 'outbox republish',
    summary: 'publish messages of a service again, for consumers that lost them',
    details:
      'Consumers ignore what they have handled, so only what was lost has an effect. Messages older ' +
      'than the consumers remember are refused; messages with secrets and commands are not republished.',
    args: { service },
    options: {
      since: { value: '<time>', ...since('messages published since (required)') },
      until: { value: '<time>', ...since('and until') },
      type: { value: '<eventType>', ...eventType },
      topic: {
        value: '<topic>',
        summary: 'only messages of this topic',
        parse: (text: string) => text,
        values: async () => (await import('@boxoffice/contracts')).topics,
      },
      id: { value: '<messageId>', ...id<string>('a message id', 'only the message with this id') },
    },
    changes: 'asks',
    json: { fields: ['service', 'dryRun', 'matched', 'republished', 'byType'] },
    exit1: 'if nothing matches, or the service refuses',
    examples: [
      ['outbox republish payments --since 1h --dry-run', 'what would be published again'],
      ['outbox republish tickets --since 30m --type TICKETS_GENERATED --yes', 'one type, unasked'],
    ],
    run: async ({ args, options, ...call }) =>
      (await import('./republish.ts')).republish(call, args.service, options),
  }),
]
