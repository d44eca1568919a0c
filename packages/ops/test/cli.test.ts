import { expect, test } from 'vitest'
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
