import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertReset } from '../src/mailed-tokens/reset-repository.ts'
import { PASSWORD, startService, type TestService } from './start-service.ts'

let auth: TestService
beforeAll(async () => {
  auth = await startService()
})
afterAll(() => auth.close())

const pages = ['/verify-email', '/reset-password']
const HEADERS = { 'content-type': 'application/x-www-form-urlencoded' }
/** Fill in a page's form and send it, as a browser without JavaScript does. */
const send = (url: string, fields: Record<string, string>) =>
  auth.app.inject({ method: 'POST', url, headers: HEADERS, payload: new URLSearchParams(fields).toString() })
const outcomeOf = ({ body }: { body: string }) => /<p id="outcome" role="status">([^<]*)</.exec(body)?.[1]
const login = async (email: string, password: string) =>
  (await auth.client.login({ body: { email, password } })).status

/** What a page's script does at this address: the code it fills in, and the address that is left. */
function runScript(body: string, address: { hash: string; search: string }) {
  const script = body.match(/<script nonce="[^"]+">([\s\S]*?)<\/script>/)?.[1] ?? ''
  const elements: Record<string, { value: string; hidden: boolean }> = {}
  let left = 'as it was'
  const surroundings = {
    location: { ...address, pathname: '/page' },
    addEventListener() {},
    history: {
      replaceState: (_state: null, _title: string, url: string) => {
        left = url
      },
    },
    document: { getElementById: (id: string) => (elements[id] ??= { value: '', hidden: false }) },
  }
  new Function(...Object.keys(surroundings), script)(...Object.values(surroundings))
  return { code: elements.code?.value ?? '', hidden: elements['code-field']?.hidden ?? false, left }
}

test.each(pages)(
  '%s reads the token after the #, shows it nowhere, and is neither cached nor sent as referrer',
  async (url) => {
    const { statusCode, body, headers } = await auth.app.inject(
      `${url}?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E`,
    )
    expect(statusCode).toBe(200)
    expect(body).not.toContain('alert(1)')
    expect(body).toContain(`<form id="form" method="post" action="${url}">`)
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
    expect(headers['content-security-policy']).toContain(body.match(/<script nonce="([^"]+)"/)?.[1])
    expect(runScript(body, { hash: '#token=mailed', search: '' })).toEqual({
      code: 'mailed',
      hidden: true,
      left: '/page',
    })
    expect(runScript(body, { hash: '', search: '?token=older' }).code).toBe('older')
    expect(runScript(body, { hash: '', search: '' })).toEqual({ code: '', hidden: false, left: 'as it was' })
  },
)

test.each(pages)('%s takes its own form alone', async (url) => {
  expect((await auth.app.inject({ method: 'POST', url, payload: { code: 'x' } })).statusCode).toBe(415)
  const nothing = await auth.app.inject({ method: 'POST', url, headers: HEADERS, payload: '' })
  expect([nothing.statusCode, outcomeOf(nothing)]).toEqual([400, expect.stringContaining('code is missing')])
  const hostile = await send(url, {
    code: '"><script>alert(1)</script>',
    password: PASSWORD,
    repeated: PASSWORD,
  })
  expect(hostile.statusCode).toBe(400)
  expect(hostile.body).not.toContain('<script>alert')
  const elsewhere = { method: 'POST', url: '/api/auth/login', headers: HEADERS, payload: 'email=a' } as const
  expect((await auth.app.inject(elsewhere)).statusCode).toBe(415)
})

test('an address is confirmed by the code that was pasted, or the link, and the password', async () => {
  for (const paste of [
    (token: string) => ` ${token} `,
    (token: string) => `https://boxoffice.example/verify-email#token=${token}`,
  ]) {
    const session = await auth.register()
    const code = paste(await auth.welcomeToken(session))
    const wrong = await send('/verify-email', { code, password: 'not the password', act: 'confirm' })
    expect(wrong.statusCode).toBe(401)
    expect(wrong.body).toContain(`value="${code}"`)
    const right = await send('/verify-email', { code, password: PASSWORD, act: 'confirm' })
    expect([right.statusCode, outcomeOf(right)]).toEqual([200, expect.stringContaining('Thank you')])
    expect(right.body).not.toContain('<form')
    expect(right.body).not.toContain(code.trim())
    expect(
      (await auth.client.login({ body: { email: session.user.email, password: PASSWORD } })).body,
    ).toMatchObject({
      user: { emailVerified: true },
    })
  }
})

test('the reader who did not make the account claims it, or disowns it', async () => {
  const [taken, disowned] = [await auth.register(), await auth.register()]
  const short = { code: await auth.welcomeToken(taken), password: 'short', new: 'yes', act: 'confirm' }
  expect((await send('/verify-email', short)).statusCode).toBe(400)
  expect((await send('/verify-email', { ...short, password: 'of the reader' })).statusCode).toBe(200)
  expect([await login(taken.user.email, PASSWORD), await login(taken.user.email, 'of the reader')]).toEqual([
    401, 200,
  ])
  const answer = await send('/verify-email', {
    code: await auth.welcomeToken(disowned),
    password: '',
    act: 'disown',
  })
  expect([answer.statusCode, outcomeOf(answer)]).toEqual([200, expect.stringContaining('signed out')])
  expect(await login(disowned.user.email, PASSWORD)).toBe(401)
})

test('a new password is typed twice and set once', async () => {
  const { user } = await auth.register()
  const createdAt = auth.deps.now()
  const code = 'a-token-of-a-reset-mail'
  await insertReset(auth.deps.db, {
    token: code,
    userId: user.userId,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + 60_000),
  })
  const set = (password: string, repeated = password) => send('/reset-password', { code, password, repeated })
  expect((await set('one long password', 'another one')).statusCode).toBe(400)
  expect((await set('short')).statusCode).toBe(400)
  expect((await set('one long password')).statusCode).toBe(200)
  expect(await login(user.email, 'one long password')).toBe(200)
  const again = await set('a third long password')
  expect([again.statusCode, outcomeOf(again)]).toEqual([400, expect.stringContaining('no longer valid')])
})
