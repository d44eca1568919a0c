import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startMailbox, startPostgres } from '@boxoffice/stack'
import { claimPort, until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createAws } from '../packages/messaging/src/aws.ts'
import { provision } from '../packages/messaging/src/provision.ts'
import { readCompose } from './compose.ts'
import { playCompose } from './compose-run.ts'

const compose = readCompose([readFileSync(path.join(import.meta.dirname, '../docker-compose.yml'), 'utf8')])
const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-compose-'))
const messaging = { MESSAGING_PREFIX: 'compose-', SQS_WAIT_SECONDS: '1', LOG_LEVEL: 'error' }
let postgres: Awaited<ReturnType<typeof startPostgres>>
let play: ReturnType<typeof playCompose>
let edgeUrl: string
let mailbox: Awaited<ReturnType<typeof startMailbox>>

beforeAll(async () => {
  const postgresPort = await claimPort()
  postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), port: postgresPort, unsafe: true })
  const endpoint = inject('awsEndpoint')
  const aws = createAws({
    region: 'us-east-1',
    accountId: '000000000000',
    snsEndpoint: endpoint,
    sqsEndpoint: endpoint,
    prefix: messaging.MESSAGING_PREFIX,
    waitSeconds: 1,
  })
  await provision(aws)
  aws.close()

  const places: Record<string, string> = {
    'postgres:5432': `127.0.0.1:${postgresPort}`,
    'redis://valkey:6379': inject('redisUrl'),
    'redis://valkey-cache:6379': inject('redisUrl'),
    'http://aws:4566': endpoint,
    // its volume, which it knows as /data
    '/data/sandbox.sqlite': path.join(folder, 'data/sandbox/sandbox.sqlite'),
    '/data': path.join(folder, 'data'),
  }
  const holders = [
    'auth',
    'events',
    'tickets',
    'payments',
    'notifications',
    'analytics',
    'sandbox',
    'migrate',
    'ops',
  ]
  for (const name of holders)
    places[`/run/boxoffice/${name}.env`] = path.join(folder, 'secrets', name, `${name}.env`)
  places['/run/boxoffice'] = path.join(folder, 'secrets')
  for (const [name, { environment }] of Object.entries(compose.services)) {
    if (!environment?.PORT) continue
    const port = await claimPort()
    places[`http://${name}:${environment.PORT}`] = `http://127.0.0.1:${port}`
    if (name === 'edge') edgeUrl = `http://127.0.0.1:${port}`
    environment.PORT = String(port)
  }
  for (const name of ['sandbox', 'demo']) mkdirSync(path.join(folder, 'data', name), { recursive: true })
  // What LocalStack does with mails, the local mailbox does here.
  mailbox = await startMailbox({ port: await claimPort(), file: path.join(folder, 'mails') })
  Object.assign(compose.services.notifications?.environment ?? {}, { AWS_SES_ENDPOINT: mailbox.url })
  Object.assign(compose.services.seed?.environment ?? {}, { MAILS_URL: `${mailbox.url}/store` })
  const env = { ...messaging }
  Object.assign(compose.services.secrets?.environment ?? {}, { OWNER_ID: String(process.getuid?.()) })
  play = playCompose(compose, { instead: ['postgres', 'valkey', 'valkey-cache', 'aws'], places, env })
})

afterAll(async () => {
  await play?.down()
  play?.kill()
  await postgres?.stop()
  await mailbox?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('what docker-compose.yml starts puts the demo events on sale and ends on request', async () => {
  const said = await play.up('seed')
  expect(said).toContain('on sale: Riverside Festival')
  expect(said).toContain('organizer: organizer@boxoffice.example')
  const { events } = (await (await fetch(`${edgeUrl}/api/events?query=riverside+festival`)).json()) as {
    events: unknown[]
  }
  expect(events).toHaveLength(1)
  const page = async () => (await fetch(edgeUrl)).text()
  expect(await page()).toContain('href="http://127.0.0.1:4566/_aws/ses"')
  await until(async () => expect((await page()).match(/class="ready"/g)).toHaveLength(6))
  expect(
    await play.runOnce('boxoffice', ['users', 'grant', 'organizer@boxoffice.example', 'ADMIN', '--yes']),
  ).toContain('ADMIN')
  // The read side asks the others for what they have said.
  expect(await play.runOnce('boxoffice', ['analytics', 'rebuild', '--yes'])).toMatch(
    /rebuild of generation 2 done[\s\S]*tickets +([1-9]\d*) of \1$/m,
  )
  const codes = await play.down()
  expect(codes).toEqual(Object.fromEntries(Object.keys(codes).map((name) => [name, 0])))
  expect(Object.keys(codes)).toHaveLength(11) // secrets, migrate, seed, the sandbox, six services, the edge
})
