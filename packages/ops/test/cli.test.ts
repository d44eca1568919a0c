import { describe, expect, test } from 'vitest'
import { commands } from '../src/commands.ts'
import { boxoffice } from './system.ts'

test.each([
  [['users', 'grant', 'ada', 'ADMIN'], 'ada is not a mail address'],
  [
    ['users', 'grant', 'ada@example.test', 'KING'],
    'there is no role KING; the roles are USER, ORGANIZER, ADMIN',
  ],
  [['users', 'grant', 'ada@example.test'], "missing required argument 'role'"],
  [['users', 'grant', 'ada@example.test', 'ADMIN', 'now'], 'too many arguments'],
  [['staus'], "unknown command 'staus'\n(Did you mean status?)"],
  [['status', '--jsn'], "unknown option '--jsn'\n(Did you mean --json?)"],
  [['status'], 'no system was started here'],
  [[], 'Usage: boxoffice'],
  [['users'], 'Usage: boxoffice users'],
])('%j is refused with exit code 2 and a sentence on stderr', async (args, sentence) => {
  const { exitCode, out, error } = await boxoffice({}, ...args)
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
  expect(error).toContain(sentence)
  expect(error).not.toMatch(/^error: |\bat .*\.ts:/m)
})

test('an incomplete configuration is refused with the missing variables', async () => {
  const { exitCode, error } = await boxoffice({ AUTH_URL: 'http://127.0.0.1:1' }, 'status')
  expect(exitCode).toBe(2)
  expect(error).toContain('NOTIFICATIONS_URL')
})

test.each([[['--help']], [['status', '--help']], [['users', '--help']], [['users', 'grant', '--help']]])(
  '%j prints its help on stdout, in 80 columns',
  async (args) => {
    const { exitCode, out, error } = await boxoffice({}, ...args)
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' })
    expect(out).toMatch(/^Usage: boxoffice/)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  },
)

test('help takes the words of a command, and suggests the closest', async () => {
  const { exitCode, out } = await boxoffice({}, 'help', 'dlq', 'requeue')
  expect(exitCode).toBe(0)
  expect(out).toMatch(/^Usage: boxoffice dlq requeue/)
  expect(out).toContain('boxoffice dlq requeue notification-queue --dry-run')
  expect(await boxoffice({}, 'help', 'dlq', 'reque')).toEqual({
    exitCode: 2,
    out: '',
    error: 'there is no command dlq reque\n(Did you mean requeue?)\n',
  })
})

test('prints its version', async () => {
  expect(await boxoffice({}, '--version')).toEqual({ exitCode: 0, out: '1.0.0\n', error: '' })
})

test.each([
  [['dlq', 'peek', 'notifcation-queue'], 'Did you mean notification-queue?'],
  [['outbox', 'list', 'ticket'], 'Did you mean tickets?'],
  [['outbox', 'republish', 'payments'], '--since is missing'],
  [['users', 'list', '--role', 'ADMINN'], 'Did you mean ADMIN?'],
  [['users', 'revoke', 'ada@example.test', 'USER'], 'USER cannot be revoked'],
  [['sagas', 'show', '17'], '17 is not an order id: it must be a UUID'],
  [['notifications', 'resend'], 'name either a notification or --order'],
  [['notifications', 'suppressions', '--lift'], '--lift needs --email'],
  [['sagas', 'list', '--fields', 'orderid'], 'there is no field orderid; the fields are orderId, state'],
])(
  '%j is refused with exit code 2, a sentence and, with --json, the same as JSON',
  async (args, sentence) => {
    const plain = await boxoffice({}, ...args)
    expect({ ...plain, error: '' }).toEqual({ exitCode: 2, out: '', error: '' })
    expect(plain.error).toContain(args.includes('--fields') ? '{"error":"USAGE"' : sentence)
    const { exitCode, out, error } = await boxoffice({}, ...args, '--json')
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
    expect(JSON.parse(error)).toMatchObject({ error: 'USAGE', message: expect.stringContaining(sentence) })
  },
)

test('wrong usage that the parser finds is JSON too', async () => {
  const { error } = await boxoffice({}, 'status', '--jsn', '--json')
  expect(JSON.parse(error)).toEqual({
    error: 'USAGE',
    message: expect.stringContaining("unknown option '--jsn'"),
  })
})

describe('every command', () => {
  const named = commands.map((command) => [command.name, command] as const)
  test.each(named)(
    '%s has a summary, examples that name it, and its help fits 80 columns',
    async (name, command) => {
      expect(command.summary).toMatch(/^[a-z]/)
      expect(command.examples.length).toBeGreaterThan(0)
      for (const [line] of command.examples) expect(line.startsWith(name) || name === 'dlq purge').toBe(true)
      const { exitCode, out } = await boxoffice({}, 'help', ...name.split(' '))
      expect(exitCode).toBe(0)
      for (const [line] of command.examples) expect(out).toContain(`boxoffice ${line}`)
      const long = out.split('\n').filter((line) => line.length > 80 && !/^ +boxoffice /.test(line))
      expect(long).toEqual([])
    },
  )
  test.each(named.filter(([, { changes }]) => changes))(
    '%s, which changes something, has --dry-run, and needs --yes where no one can be asked',
    async (name) => {
      const { out } = await boxoffice({}, 'help', ...name.split(' '))
      expect(out).toContain('--dry-run')
      expect(out).toContain('--yes')
    },
  )
})
