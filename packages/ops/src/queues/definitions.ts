import { defineCommand } from '../framework/command.ts'
import { count, queue } from '../operands.ts'

export const queueCommands = [
  defineCommand({
    name: 'queues',
    summary: 'show every queue with its depth and its rate, again and again',
    details:
      'On a terminal the table is drawn again until Ctrl-C; otherwise, and with --once or --json, ' +
      'it is printed once. The change is since the last look.',
    options: {
      once: { summary: 'print once' },
      every: { value: '<seconds>', ...count('--every', 'seconds between two looks'), default: '2' },
    },
    json: { rows: 'queues', fields: ['queue', 'visible', 'inFlight', 'deadLetterQueue', 'deadLetters'] },
    exit1: 'if a queue has dead letters, or the queues are unreachable',
    examples: [
      ['queues', 'watch the queues during a sale'],
      ['queues --once', 'one look'],
    ],
    run: async ({ options, json, config, terminal }) =>
      (await import('./watch.ts')).watchQueues(config, { ...options, once: options.once || json }, terminal),
  }),
  defineCommand({
    name: 'queue purge',
    summary: 'delete every message of a live queue for good; asks for its name again',
    details:
      'Also those in progress: their effects never happen. `boxoffice outbox republish` publishes again ' +
      'what was lost. SQS takes a minute, and refuses a second purge within it.',
    args: { queue },
    options: {
      confirm: {
        value: '<queue>',
        summary: 'the same name again, for runs without a terminal',
        parse: (text: string) => text,
      },
      dryRun: { summary: 'print what would be deleted and change nothing' },
    },
    json: { fields: ['queue', 'purged'] },
    exit1: 'if nothing was deleted',
    examples: [['queue purge notification-queue', 'asks for the name, then deletes']],
    run: async ({ args, options, config, terminal }) =>
      (await import('./purge.ts')).purgeQueue(config, args.queue, options, terminal),
  }),
]
