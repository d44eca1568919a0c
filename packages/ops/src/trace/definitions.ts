import { defineCommand } from '../framework/command.ts'
import { id } from '../operands.ts'

export const traceCommand = defineCommand({
  name: 'trace',
  summary: 'show what happened across all services, in time order, from any id',
  details:
    'Follows the id through journals, outboxes, inboxes and deliveries of every service: an order, ' +
    'a ticket, a message, or the correlation id that each answer (x-correlation-id), ' +
    'refusal (requestId) and log line (correlationId) carries. It prints the ids it found, ' +
    'so that the same purchase can be found in the logs.',
  args: { id: id('an id', 'an order id, ticket id, message id or correlation id') },
  json: {
    rows: 'entries',
    fields: [
      'at',
      'service',
      'kind',
      'what',
      'messageId',
      'correlationId',
      'orderId',
      'ticketId',
      'queue',
      'detail',
    ],
  },
  exit1: 'if no service knows the id, or a service is unavailable',
  examples: [
    ['trace 4f0c…', 'a purchase from hold to mail'],
    ['trace 4f0c… --fields at,service,what', 'the same as JSON'],
  ],
  run: async ({ args, config, terminal }) => (await import('./trace.ts')).traceId(config, args.id, terminal),
})
