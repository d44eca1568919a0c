import { defineCommand } from '../framework/command.ts'
import { service } from '../operands.ts'

export const cacheCommands = [
  defineCommand({
    name: 'cache stats',
    summary: 'show the caches of every service: entries, hits and misses, of each process and in sum',
    details:
      'Asks every process to which the name of a service resolves. Hits and misses count since a ' +
      'process started. A cache in Redis is listed for each process and counts once in the sum.',
    args: { service: { ...service, optional: true, summary: 'only of this service' } },
    json: {
      rows: 'caches',
      fields: ['service', 'instance', 'name', 'shared', 'entries', 'hits', 'misses', 'hitRate'],
    },
    exit1: 'if a process is unavailable; those that answer are shown',
    examples: [
      ['cache stats', 'every cache'],
      ['cache stats tickets', 'those of one service'],
    ],
    run: async ({ args, config, terminal }) =>
      (await import('./stats.ts')).showCaches(config, args.service, terminal),
  }),
  defineCommand({
    name: 'cache clear',
    summary: 'clear a cache, in every process of its service',
    details: 'Safe: what was cached is read again. The next requests are slower.',
    args: {
      service,
      name: { summary: 'the name of the cache (`cache stats`)', parse: (text: string) => text },
    },
    changes: 'asks',
    json: { fields: ['service', 'name', 'processes', 'entries', 'dryRun'] },
    exit1: 'if there is no such cache, or a process is unavailable',
    examples: [['cache clear events events --yes', 'events are read from PostgreSQL again']],
    run: async ({ args, ...call }) => (await import('./clear.ts')).clearCache(call, args.service, args.name),
  }),
]
