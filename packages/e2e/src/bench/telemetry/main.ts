import process from 'node:process'
import { defineRefusal, defineRoute, Money } from '@boxoffice/contracts'
import {
  baseConfig,
  baseEnvironment,
  createFoundation,
  createServiceApp,
  mountRoutes,
  readEnvironment,
  run,
} from '@boxoffice/service-kit'
import { createLocalJWKSet } from 'jose'
import { z } from 'zod'

/**
 * A service with one route, built like every service: signed-in users, a body to decode, a response to
 * encode, no store.
 */
const NOT_NOW = defineRefusal('NOT_NOW', 409, 'not now')
const routes = {
  takeThing: defineRoute({
    method: 'POST',
    path: '/api/things/:thingId/take',
    summary: 'Take a thing',
    access: 'user',
    idempotency: 'none',
    params: z.object({ thingId: z.uuid() }),
    body: z.strictObject({ quantity: z.int().min(1).max(10), price: Money }),
    responses: { 201: z.object({ thingId: z.uuid(), quantity: z.int(), total: Money, at: z.string() }) },
    refusals: [NOT_NOW],
  }),
} as const

const Environment = z.object({
  ...baseEnvironment,
  PORT: z.coerce.number(),
  USER_KEYS: z.string(),
  METRICS: z.string().optional(),
})
const environment = readEnvironment(Environment, process.env)
const config = baseConfig('ticket-service', environment)
const foundation = createFoundation(config, createLocalJWKSet(JSON.parse(environment.USER_KEYS)))
if (environment.METRICS === 'off') foundation.metrics.httpSeconds.observe = () => {}
const about = { title: 'Things', description: 'Things.', path: '/api/things' } as const
const app = createServiceApp(foundation, { config, ...about, routes, health: {} })
mountRoutes(
  app,
  routes,
  {
    takeThing: async ({ params, body }) => ({
      status: 201,
      body: { thingId: params.thingId, quantity: body.quantity, total: body.price, at: 'now' },
    }),
  },
  foundation,
)
let before = process.cpuUsage()
/** Returns the milliseconds of CPU since the last call. */
app.get('/actuator/cpu', async () => {
  const { user, system } = process.cpuUsage(before)
  before = process.cpuUsage()
  return { ms: (user + system) / 1_000 }
})
await run({ app, workers: [], config, logger: foundation.logger, close: () => foundation.pool.end() })
