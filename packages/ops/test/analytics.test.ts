import { randomUUID } from 'node:crypto'
import { analyticsInternalRoutes, REBUILD_ENDED, REBUILD_RUNNING, type Rebuild } from '@boxoffice/contracts'
import { refuse } from '@boxoffice/service-kit'
import { createTestAuthority, startPeer } from '@boxoffice/service-kit/testing'
import { claimPort } from '@boxoffice/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { boxoffice } from './system.ts'

let peer: Awaited<ReturnType<typeof startPeer>>
let env: Record<string, string>
/** The read side's rebuild; each poll finds it further on, as far as `steps` go. */
let rebuild: Rebuild | null
let steps: Partial<Rebuild>[]

const startedAt = new Date('2026-11-21T10:00:00Z')
const aRebuild = (over: Partial<Rebuild> = {}): Rebuild => ({
  rebuildId: randomUUID(),
  generation: 2,
  status: 'RUNNING',
  sources: [
    { service: 'events', taken: 0, total: 12, finished: false },
    { service: 'tickets', taken: 0, total: 3_400, finished: false },
  ],
  startedAt,
  ...over,
})
const done: Partial<Rebuild> = {
  status: 'DONE',
  sources: [
    { service: 'events', taken: 12, total: 12, finished: true },
    { service: 'tickets', taken: 3_400, total: 3_400, finished: true },
  ],
  endedAt: new Date('2026-11-21T10:00:04.500Z'),
}

beforeAll(async () => {
  peer = await startPeer(analyticsInternalRoutes, {
    async startRebuild() {
      if (rebuild?.status === 'RUNNING') return refuse(REBUILD_RUNNING, { message: 'one is running' })
      rebuild = aRebuild()
      return { status: 202, body: rebuild }
    },
    findRebuild: async () => ({
      status: 200,
      body: { generation: 1, since: startedAt, lagSeconds: 0.25, rebuild },
    }),
    async getRebuild() {
      rebuild = { ...(rebuild ?? aRebuild()), ...steps.shift() }
      return { status: 200, body: rebuild }
    },
    async cancelRebuild() {
      if (rebuild?.status !== 'RUNNING') return refuse(REBUILD_ENDED, { message: 'it has ended' })
      rebuild = { ...rebuild, status: 'CANCELLED', endedAt: new Date('2026-11-21T10:00:01Z') }
      return { status: 200, body: rebuild }
    },
  })
  const { SERVICE_PRIVATE_KEY = '' } = (await createTestAuthority()).environment('boxoffice-cli')
  env = { ANALYTICS_URL: peer.url, SERVICE_PRIVATE_KEY }
})
afterAll(() => peer.close())
beforeEach(() => {
  rebuild = null
  steps = []
})

test('follows a rebuild to its end', async () => {
  steps = [{}, done]
  expect(await boxoffice(env, 'analytics', 'rebuild', '--yes')).toEqual({
    exitCode: 0,
    out: [
      'rebuild of generation 2 done at 2026-11-21 10:00:04, in 4.5 s: 3,412 of 3,412 archived messages',
      '  events    12 of 12',
      '  tickets   3,400 of 3,400',
      '',
    ].join('\n'),
    error: '',
  })
})

test('follows a running rebuild instead of starting another', async () => {
  rebuild = aRebuild()
  steps = [done]
  const { exitCode, out, error } = await boxoffice(env, 'analytics', 'rebuild', '--yes', '--json')
  expect(exitCode).toBe(0)
  expect(error).toContain('running already')
  expect(JSON.parse(out)).toMatchObject({ rebuildId: rebuild.rebuildId, status: 'DONE' })
})

test('prints what holds up a rebuild while following it', async () => {
  const away = 'tickets: connection refused'
  steps = [{ lastError: away }, { lastError: away }, { lastError: undefined }, done]
  const { exitCode, error } = await boxoffice(env, 'analytics', 'rebuild', '--yes')
  expect({ exitCode, error }).toEqual({
    exitCode: 0,
    error: 'tickets: connection refused: will be retried\n',
  })
})

test('with --detach prints that it has started', async () => {
  const { exitCode, out } = await boxoffice(env, 'analytics', 'rebuild', '--yes', '--detach')
  expect({ exitCode, out }).toEqual({
    exitCode: 0,
    out:
      'rebuild of generation 2 running since 2026-11-21 10:00:00: 0 of 3,412 archived messages\n' +
      '  events    0 of 12 …\n  tickets   0 of 3,400 …\n',
  })
})

test('exits with 1 if the rebuild is cancelled meanwhile', async () => {
  steps = [{ status: 'CANCELLED', endedAt: startedAt }]
  expect(await boxoffice(env, 'analytics', 'rebuild', '--yes')).toMatchObject({
    exitCode: 1,
    out: expect.stringContaining('cancelled at 2026-11-21 10:00:00'),
  })
})

test('status shows the served projection, its lag, and what the rebuild waits for', async () => {
  rebuild = aRebuild({
    lastError: 'tickets: connection refused',
    sources: [{ service: 'tickets', taken: 0, total: null, finished: false }],
  })
  expect((await boxoffice(env, 'analytics', 'status')).out).toBe(
    [
      'generation 1, served since 2026-11-21 10:00:00, about 0.3 s behind',
      'rebuild of generation 2 running since 2026-11-21 10:00:00: 0 archived messages',
      '  tickets   0 …',
      '  will be retried: tickets: connection refused',
      '',
    ].join('\n'),
  )
})

test('cancel discards the running rebuild, and says if there is none', async () => {
  rebuild = aRebuild()
  expect(await boxoffice(env, 'analytics', 'cancel', '--yes')).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('cancelled at'),
  })
  expect(await boxoffice(env, 'analytics', 'cancel', '--yes')).toEqual({
    exitCode: 1,
    out: '',
    error: 'no rebuild is running\n',
  })
})

test('an unavailable read side is reported with its address', async () => {
  const url = `http://127.0.0.1:${await claimPort()}`
  const { exitCode, error } = await boxoffice({ ...env, ANALYTICS_URL: url }, 'analytics', 'rebuild', '--yes')
  expect({ exitCode, error }).toEqual({
    exitCode: 1,
    error: `analytics is unavailable at ${url}: connection refused\n`,
  })
})
