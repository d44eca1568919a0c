import type { FastifyInstance } from 'fastify'
import type { BaseConfig } from './config.ts'
import type { Policy } from './resilience/policies.ts'
import type { Callees, Figure } from './resilience/settings.ts'

/** A Redis that refuses every connection. */
export const NO_REDIS = 'redis://127.0.0.1:1'

/**
 * Builds a service again with an unavailable Redis. `health` is what it then reports; `unread` are settings
 * of RESILIENCE that it accepts but never reads: there should be none.
 */
export async function buildWithoutRedis<C extends BaseConfig, D extends { close(): Promise<void> }>(service: {
  config: C
  callees: Partial<Callees>
  create(config: C): D
  build(deps: D): FastifyInstance
}) {
  const read = new Set<string>()
  const watched = Object.entries<Policy>(service.config.policies).map(([callee, policy]) => [
    callee,
    watch(callee, policy, read),
  ])
  const policies = Object.fromEntries(watched)
  const deps = service.create({ ...service.config, redisUrl: NO_REDIS, policies })
  const app = service.build(deps)
  const answer = await app.inject('/actuator/health')
  await app.close()
  await deps.close()
  const accepted = Object.entries<readonly Figure[]>(service.callees as Callees).flatMap(
    ([callee, figures]) => ['breaker', ...figures.map(keyOf)].map((key) => `${callee}.${key}`),
  )
  const { status, components } = answer.json()
  return {
    health: { code: answer.statusCode, status, components },
    unread: accepted.filter((name) => !read.has(name)),
  }
}

const keyOf = (figure: Figure) => (figure === 'firstWait' ? 'retry' : figure)

const watch = (callee: string, policy: Policy, read: Set<string>): Policy =>
  new Proxy(policy, {
    get(target, key) {
      read.add(`${callee}.${String(key)}`)
      return Reflect.get(target, key)
    },
  })
