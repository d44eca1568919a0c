import { defineCommand } from '../framework/command.ts'
import { service } from '../operands.ts'

export const invariantsCommand = defineCommand({
  name: 'invariants',
  summary: 'check what must always be true of the databases: places, money, sagas, messages',
  details:
    'Each service checks its own database, one invariant after the other, in read-only transactions of ' +
    'at most 30 s. Some hold only while nothing is in progress; --idle counts those too.',
  args: { service: { ...service, optional: true, summary: 'only of this service' } },
  options: { idle: { summary: 'nothing is in progress: check also what holds only then' } },
  json: {
    rows: 'invariants',
    fields: ['service', 'invariant', 'statement', 'holds', 'violations', 'examples', 'tookMs'],
  },
  exit1: 'if an invariant is violated or could not be checked',
  examples: [
    ['invariants', 'after an incident, a restore or a deployment'],
    ['invariants --idle', 'after a test, when nothing is in progress'],
  ],
  run: async ({ args, options, config, terminal }) =>
    (await import('./check.ts')).showInvariants(config, args.service, options, terminal),
})
