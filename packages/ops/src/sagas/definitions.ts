import type { OrderId } from '@boxoffice/contracts'
import { defineCommand } from '../framework/command.ts'
import { count, id, oneOf } from '../operands.ts'

const sagaFields = [
  'orderId',
  'state',
  'since',
  'attempts',
  'lastError',
  'leaseUntil',
  'nextAttemptAt',
] as const
const orderId = id<OrderId>('an order id', 'the order')

export const sagasCommands = [
  defineCommand({
    name: 'sagas list',
    summary: 'list purchases and refunds in progress, newest first',
    options: {
      state: {
        value: '<state>',
        ...oneOf('those in this state, which may be a terminal one', 'state', async () => {
          const { sagaStatesInProgress, sagaStatesTerminal } = await import('@boxoffice/contracts')
          return [...sagaStatesInProgress, ...sagaStatesTerminal]
        }),
      },
      limit: { value: '<count>', ...count('--limit', 'at most this many'), default: '50' },
    },
    json: { rows: 'sagas', fields: sagaFields },
    exit1: 'if payments is unavailable',
    examples: [
      ['sagas list', 'what is in progress, and why it waits'],
      ['sagas list --state RESOLVING', 'charges with an unknown outcome'],
    ],
    run: async ({ options, config, terminal }) =>
      (await import('./list.ts')).listSagas(config, options, terminal),
  }),
  defineCommand({
    name: 'sagas show',
    summary: 'show the journal of an order: intents and outcomes in time order',
    args: { orderId },
    json: {
      rows: 'events',
      fields: ['seq', 'at', 'moment', 'step', 'result', 'state', 'fence', 'input', 'detail'],
    },
    exit1: 'if there is no such order',
    examples: [['sagas show 4f0c…', 'what happened to an order, step by step']],
    run: async ({ args, config, terminal }) =>
      (await import('./show.ts')).showSaga(config, args.orderId, terminal),
  }),
  defineCommand({
    name: 'sagas resume',
    summary: 'run a saga now instead of after its wait',
    args: { orderId },
    changes: 'asks',
    json: { fields: [...sagaFields, 'dryRun'] },
    exit1: 'if there is no such order, or its saga has ended',
    examples: [['sagas resume 4f0c… --yes', 'retry its step now']],
    run: async ({ args, ...call }) => (await import('./resume.ts')).resumeSaga(call, args.orderId),
  }),
]
