import { defineCommand } from '../framework/command.ts'

const rebuildFields = [
  'rebuildId',
  'generation',
  'status',
  'sources',
  'startedAt',
  'endedAt',
  'lastError',
] as const

export const analyticsCommands = [
  defineCommand({
    name: 'analytics status',
    summary: 'show the served projection, its lag and its last rebuild',
    json: { fields: ['generation', 'since', 'lagSeconds', 'rebuild'] },
    exit1: 'if analytics is unavailable',
    examples: [['analytics status', 'how far the read side is behind']],
    run: async ({ config }) => (await import('./projection.ts')).showProjection(config),
  }),
  defineCommand({
    name: 'analytics rebuild',
    summary: 'rebuild the projection from the archived messages, beside the one that is served',
    details: 'Follows the running rebuild, if any. Ctrl-C stops following; the rebuild continues.',
    options: { detach: { summary: 'do not wait for the end' } },
    changes: 'asks',
    json: { fields: rebuildFields },
    exit1: 'if the rebuild was cancelled, cannot run, or is no longer followed',
    examples: [
      ['analytics rebuild', 'rebuild and watch'],
      ['analytics rebuild --detach --yes', 'only start it, unasked'],
    ],
    run: async ({ options, ...call }) => (await import('./projection.ts')).rebuildProjection(call, options),
  }),
  defineCommand({
    name: 'analytics cancel',
    summary: 'cancel the running rebuild and discard what it has built; the served projection stays',
    json: { fields: rebuildFields },
    changes: 'asks',
    exit1: 'if no rebuild is running',
    examples: [['analytics cancel', 'stop the rebuild']],
    run: async (call) => (await import('./projection.ts')).cancelRebuild(call),
  }),
]
