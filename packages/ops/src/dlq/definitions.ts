import { InputError } from '../failure.ts'
import { defineCommand } from '../framework/command.ts'
import { count, eventType, queue, since } from '../operands.ts'

const selection = {
  type: { value: '<eventType>', ...eventType },
  id: { value: '<messageId>', summary: 'only the message with this id', parse: (text: string) => text },
  since: { value: '<time>', ...since('only letters that died since') },
}
const limit = { value: '<count>', ...count('--limit', 'at most this many') }
const letterFields = ['messageId', 'eventType', 'reason', 'sentAt', 'redrives', 'payload'] as const
const ofQueue = { queue }

async function checkedSelection(
  name: string,
  options: {
    type?: string | undefined
    id?: string | undefined
    since?: Date | undefined
    limit?: number | undefined
  },
) {
  const { isFromOutside, messages } = await import('@boxoffice/contracts')
  const { type } = options
  const isKnown =
    type === undefined || type === 'unknown' || messages.has(type) || isFromOutside(name as never)
  if (!isKnown) throw new InputError(`there is no message type ${type}`)
  return options
}

export const dlqCommands = [
  defineCommand({
    name: 'dlq list',
    summary: 'list every dead-letter queue with its number of letters',
    json: { rows: 'queues', fields: ['queue', 'deadLetterQueue', 'deadLetters'] },
    exit1: 'if a queue has dead letters, or the queues are unreachable',
    examples: [
      ['dlq list', 'every queue and the total'],
      ['dlq list --fields queue,deadLetters', 'as JSON, two fields of each'],
    ],
    run: async ({ config, terminal }) => (await import('./list.ts')).listDeadLetters(config, terminal),
  }),
  defineCommand({
    name: 'dlq peek',
    summary: 'show dead letters, and leave them where they are',
    details:
      'Never shows the payload of a message that carries a token. While letters are being looked at, ' +
      'no one else sees them; afterwards they are as before.',
    args: ofQueue,
    options: { ...selection, limit: { ...limit, default: '10' } },
    json: { rows: 'deadLetters', fields: letterFields },
    exit1: 'if --id matches nothing, or the queues are unreachable',
    examples: [
      ['dlq peek notification-queue', 'ten letters and their reasons'],
      ['dlq peek notification-dlq --since 1h --limit 100', 'those of the last hour'],
    ],
    run: async ({ args, options, config, terminal }) =>
      (await import('./peek.ts')).peekDeadLetters(
        config,
        args.queue,
        await checkedSelection(args.queue, options),
        terminal,
      ),
  }),
  defineCommand({
    name: 'dlq show',
    summary: 'show one dead letter whole, whichever queue it is in',
    details: 'Looks in every dead-letter queue, then among the recorded letters that have left theirs.',
    args: { messageId: { summary: 'the message id of the letter', parse: (text: string) => text } },
    json: { fields: ['queue', 'inQueue', ...letterFields, 'attributes'] },
    exit1: 'if there is no such letter',
    examples: [['dlq show 7b1d…', 'its reason, attributes, redrives and payload']],
    run: async ({ args, config, terminal }) =>
      (await import('./show.ts')).showDeadLetter(config, args.messageId, terminal),
  }),
  defineCommand({
    name: 'dlq requeue',
    summary: 'redrive dead letters to their queue: each is sent before it is deleted',
    details:
      'A letter that was redriven --max-redrives times already stays, as does one that was redriven ' +
      'just now and died again. After an interrupted run, run it again: consumers ignore duplicates.',
    args: ofQueue,
    options: {
      ...selection,
      limit,
      maxRedrives: {
        value: '<count>',
        default: '3',
        ...count('--max-redrives', 'leave letters that were redriven this often already'),
      },
    },
    changes: 'asks',
    json: {
      fields: ['queue', 'dryRun', 'done', 'looping', 'diedAgain', 'refused', 'undeleted', 'interrupted'],
    },
    exit1: 'if selected letters stayed, or --id matches nothing',
    examples: [
      ['dlq requeue notification-queue --dry-run', 'what would be redriven'],
      ['dlq requeue notification-queue --type TICKETS_GENERATED --yes', 'one type, unasked'],
    ],
    run: async ({ args, options, ...call }) =>
      (await import('./change.ts')).requeueDeadLetters(call, args.queue, {
        ...(await checkedSelection(args.queue, options)),
        maxRedrives: options.maxRedrives,
      }),
  }),
  defineCommand({
    name: 'dlq purge',
    summary: 'delete dead letters for good',
    args: ofQueue,
    options: { ...selection, limit },
    changes: 'asks',
    json: { fields: ['queue', 'dryRun', 'done', 'undeleted', 'interrupted'] },
    exit1: 'if selected letters stayed, or --id matches nothing',
    examples: [
      ['dlq archive notification-queue', 'first keep a copy'],
      ['dlq purge notification-queue --type EVENT_CANCELLED', 'then delete those of one type'],
    ],
    run: async ({ args, options, ...call }) =>
      (await import('./change.ts')).purgeDeadLetters(
        call,
        args.queue,
        await checkedSelection(args.queue, options),
      ),
  }),
  defineCommand({
    name: 'dlq archive',
    summary: 'write dead letters to S3 or a file, before SQS deletes them after 14 days',
    details:
      'Leaves the letters where they are. Each line is one letter as JSON: its body, attributes, ' +
      'reason and times. Bodies are whole, with personal data: keep the file as you keep the database. ' +
      'Without --to, letters go to the bucket DEAD_LETTER_BUCKET, or to a file in ' +
      '.boxoffice/dead-letters.',
    args: { queue: { ...queue, optional: true, summary: `${queue.summary}; all without` } },
    options: {
      ...selection,
      to: { value: '<target>', summary: 'a file, or s3://bucket/prefix', parse: (text: string) => text },
    },
    json: { rows: 'archived', fields: ['queue', 'letters', 'to'] },
    exit1: 'if --id matches nothing, or a letter could not be written',
    examples: [
      ['dlq archive', 'every letter of every queue'],
      ['dlq archive notification-queue --since 2d --to letters.jsonl', 'two days of one queue'],
    ],
    run: async ({ args, options, config, terminal }) =>
      (await import('./archive.ts')).archiveDeadLetters(config, args.queue, options, terminal),
  }),
]
