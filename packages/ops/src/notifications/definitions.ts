import type { NotificationId, OrderId } from '@boxoffice/contracts'
import { InputError } from '../failure.ts'
import { defineCommand } from '../framework/command.ts'
import { count, email, id, oneOf, since } from '../operands.ts'

const limit = { value: '<count>', ...count('--limit', 'at most this many'), default: '20' } as const
const contracts = () => import('@boxoffice/contracts')

export const notificationsCommands = [
  defineCommand({
    name: 'notifications list',
    summary: 'list mails, texts and pushes with their outcome, newest first; never addresses',
    options: {
      order: { value: '<orderId>', ...id<OrderId>('an order id', 'only those of this order') },
      status: {
        value: '<status>',
        ...oneOf('only with this status', 'status', async () => (await contracts()).OperatorStatus.options),
      },
      type: {
        value: '<type>',
        ...oneOf('only of this type', 'type', async () => (await contracts()).NotificationType.options),
      },
      since: { value: '<time>', ...since('only those created since') },
      limit,
    },
    json: {
      rows: 'notifications',
      fields: [
        'notificationId',
        'type',
        'channel',
        'status',
        'attempts',
        'createdAt',
        'nextAttemptAt',
        'sentAt',
        'failure',
        'orderId',
        'eventId',
      ],
    },
    exit1: 'if notifications is unavailable',
    examples: [
      ['notifications list --order 4f0c…', 'what a buyer was sent'],
      ['notifications list --status FAILED --since 1d', 'what failed in a day'],
    ],
    run: async ({ options, config, terminal }) =>
      (await import('./list.ts')).listNotifications(config, options, terminal),
  }),
  defineCommand({
    name: 'notifications resend',
    summary: 'send a notification again, or the tickets of an order to its buyer',
    args: { id: { ...id('an id', 'of the notification (`notifications list`)'), optional: true } },
    options: {
      order: { value: '<orderId>', ...id<OrderId>('an order id', 'the tickets of this order instead') },
    },
    changes: 'asks',
    json: { fields: ['notificationId', 'dryRun'] },
    exit1: 'if there is nothing to send again',
    examples: [
      ['notifications resend 91c2…', 'one mail again'],
      ['notifications resend --order 4f0c…', 'the tickets of an order again'],
    ],
    async run({ args, options, ...call }) {
      if ((args.id === undefined) === (options.order === undefined))
        throw new InputError('name either a notification or --order')
      const resend = await import('./resend.ts')
      return options.order
        ? resend.resendOrder(call, options.order)
        : resend.resendNotification(call, args.id as NotificationId)
    },
  }),
  defineCommand({
    name: 'notifications suppressions',
    summary: 'list addresses that get no mails, or check one; with --lift allow mails again',
    details: 'Only hashes of addresses are stored: --email shows whether an address is among them, and why.',
    options: {
      email: { value: '<address>', ...email, summary: 'check this address' },
      lift: { summary: 'allow mails to --email again' },
      cause: {
        value: '<cause>',
        ...oneOf('only with this cause', 'cause', async () => (await contracts()).SuppressionCause.options),
      },
      since: { value: '<time>', ...since('only those reported since') },
      limit,
    },
    changes: 'asks',
    json: { rows: 'suppressions', fields: ['addressHash', 'cause', 'reason', 'since', 'notificationId'] },
    exit1: 'if --lift finds nothing to lift, or notifications is unavailable',
    examples: [
      ['notifications suppressions --cause COMPLAINT', 'who marked a mail as spam'],
      ['notifications suppressions --email ada@example.com --lift', 'mail Ada again'],
    ],
    async run({ options, ...call }) {
      const suppressions = await import('./suppressions.ts')
      if (!options.lift) return suppressions.listSuppressions(call.config, options, call.terminal)
      if (!options.email) throw new InputError('--lift needs --email')
      return suppressions.liftSuppressions(call, options.email)
    },
  }),
]
