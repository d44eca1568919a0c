import { InputError } from '../failure.ts'
import { defineCommand } from '../framework/command.ts'
import { count, email, role } from '../operands.ts'

const userFields = [
  'userId',
  'email',
  'firstName',
  'lastName',
  'roles',
  'emailVerified',
  'createdAt',
] as const

export const usersCommands = [
  defineCommand({
    name: 'users list',
    summary: 'list users, newest first',
    options: {
      email: { value: '<address>', ...email, summary: 'only the user of this address' },
      role: { value: '<role>', ...role, summary: 'only users with this role' },
      limit: { value: '<count>', ...count('--limit', 'at most this many'), default: '20' },
    },
    json: { rows: 'users', fields: userFields },
    exit1: 'if --email matches no one, or auth is unavailable',
    examples: [
      ['users list --role ADMIN', 'every operator'],
      ['users list --email ada@example.com', 'one account and its roles'],
    ],
    run: async ({ options, config, terminal }) =>
      (await import('./list.ts')).listUsers(config, options, terminal),
  }),
  defineCommand({
    name: 'users grant',
    summary: 'grant a role to a user; safe to repeat',
    details: 'The account needs a confirmed address. Its next access token carries the role.',
    args: { email, role },
    changes: 'asks',
    json: { fields: ['userId', 'email', 'roles', 'dryRun'] },
    exit1: 'if there is no such account, or its address is not confirmed',
    examples: [['users grant ada@example.com ADMIN', 'makes an operator']],
    run: async ({ args, ...call }) => (await import('./grant.ts')).grantRole(call, args),
  }),
  defineCommand({
    name: 'users revoke',
    summary: 'take a role from a user; safe to repeat',
    details: 'Takes effect at once. The last ADMIN stays, and everyone keeps USER.',
    args: { email, role: { ...role, summary: 'ORGANIZER or ADMIN' } },
    changes: 'asks',
    json: { fields: ['userId', 'email', 'roles', 'dryRun'] },
    exit1: 'if there is no such account, or it is the last ADMIN',
    examples: [['users revoke ada@example.com ADMIN', 'Ada is no operator any more']],
    async run({ args, ...call }) {
      const { email, role } = args
      if (role === 'USER') throw new InputError('USER cannot be revoked: every account has it')
      return (await import('./revoke.ts')).revokeRole(call, { email, role })
    },
  }),
]
