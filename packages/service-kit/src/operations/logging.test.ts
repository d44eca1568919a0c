import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { recordLogs } from '../testing.ts'

const run = promisify(execFile)

test('blanks secret and personal values three levels deep, in lists, errors and toJSON', () => {
  const { logger, lines } = recordLogs()
  const said = { toJSON: () => ({ phone: '+49', at: 1 }) }
  const fields = {
    email: 'a@example.test',
    ms: 3,
    at: new Date(0),
    nothing: null,
    user: { email: 'b@example.test', name: { token: 't', first: 'Ada' } },
    list: [{ to: 'c@example.test' }, 'kept'],
    said,
  }
  logger.info(fields, 'said')
  logger.warn(
    { err: Object.assign(new TypeError('broken'), { recipient: 'd@example.test', code: 'X' }) },
    'failed',
  )
  const [info, warn] = lines()
  expect(info).toMatchObject({
    email: '[redacted]',
    ms: 3,
    at: '1970-01-01T00:00:00.000Z',
    nothing: null,
    user: { email: '[redacted]', name: { token: '[redacted]', first: 'Ada' } },
    list: [{ to: '[redacted]' }, 'kept'],
    said: { phone: '[redacted]', at: 1 },
    msg: 'said',
  })
  expect(warn?.err).toMatchObject({
    type: 'TypeError',
    message: 'broken',
    recipient: '[redacted]',
    code: 'X',
  })
  expect(fields.email).toBe('a@example.test')
  expect(JSON.stringify(lines())).not.toContain('example.test')
})

test('an error of the database names the broken constraint without its values', () => {
  const { logger, lines } = recordLogs()
  const broken = {
    severity: 'ERROR',
    code: '23505',
    constraint: 'users_email_key',
    detail: 'Key (email)=(e@example.test) already exists.',
  }
  logger.error(
    { err: Object.assign(new Error('duplicate key value violates unique constraint'), broken) },
    'failed',
  )
  expect(lines()[0]?.err).toMatchObject({ code: '23505', constraint: 'users_email_key' })
  expect(JSON.stringify(lines())).not.toContain('example.test')
})

test('a serialized error keeps its type, and is blanked too', () => {
  const { logger, lines } = recordLogs()
  logger.warn(
    { err: { type: 'ServiceUnavailable', message: 'mail: ANSWER', recipient: 'f@example.test' } },
    'failed',
  )
  expect(lines()[0]?.err).toEqual({
    type: 'ServiceUnavailable',
    message: 'mail: ANSWER',
    recipient: '[redacted]',
  })
})

/** The output of a process that ends like this after 30 lines. */
async function saidBefore(end: string): Promise<string[]> {
  const program = `
    import { createLogger } from ${JSON.stringify(new URL('logging.ts', import.meta.url).href)}
    const logger = createLogger({ service: 'test', level: 'info' })
    for (let line = 1; line <= 30; line++) logger.info({ line }, 'said')
    ${end}`
  const child = run(process.execPath, ['--input-type=module', '--eval', program])
  const { stdout } = await child.catch((ended: { stdout: string }) => ended)
  return stdout.trim().split('\n')
}

test.each([
  ['comes to its end', ''],
  ['exits', 'process.exit(3)'],
  ['throws', "throw new Error('uncaught')"],
  ['rejects', "await Promise.reject(new Error('unhandled'))"],
])('a process that %s has written every line', async (_how, end) => {
  const lines = await saidBefore(end)
  expect(lines).toHaveLength(30)
  expect(JSON.parse(lines[29] ?? '')).toMatchObject({ line: 30, level: 'info', service: 'test' })
})

test('a warning is written at once with all before it, even if the process is killed next', async () => {
  const lines = await saidBefore("logger.warn('odd'); process.kill(process.pid, 'SIGKILL')")
  expect(lines).toHaveLength(31)
  expect(JSON.parse(lines[30] ?? '')).toMatchObject({ level: 'warn', msg: 'odd' })
})
