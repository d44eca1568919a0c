import { defineCommand } from '../framework/command.ts'

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'show every service, every queue, purchases in progress and what needs attention',
  details: 'Asks one process of each service; it has five seconds to answer.',
  json: { fields: ['healthy', 'findings', 'checkedAt', 'services', 'queues'] },
  exit1: 'if something needs attention',
  examples: [
    ['status', 'the system at a glance'],
    ['status --fields findings', 'what to look at, as JSON'],
  ],
  run: async ({ config, terminal }) => (await import('./status.ts')).showStatus(config, terminal),
})
