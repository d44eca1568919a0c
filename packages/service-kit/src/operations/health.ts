import type { FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

export type ComponentStatus = 'UP' | 'DEGRADED' | 'DOWN'

export interface HealthComponent {
  /**
   * Without a required component the service is DOWN, 503. Without another it is DEGRADED and stays in
   * rotation.
   */
  readonly required: boolean
  /** Resolves with the status; a rejection means DOWN. */
  check(): Promise<ComponentStatus | unknown>
}
export type HealthComponents = Readonly<Record<string, HealthComponent>>

export interface HealthRegistry {
  /** Adds a component; several of one name appear as one, with the worst of their states. */
  add(name: string, component: HealthComponent): void
  components(): HealthComponents
}

/** Where every dependency of a service registers: its guards, its connections to Redis. */
export function createHealthRegistry(): HealthRegistry {
  const added = new Map<string, HealthComponent[]>()
  return {
    add: (name, component) => void added.set(name, [...(added.get(name) ?? []), component]),
    components: () => Object.fromEntries([...added].map(([name, components]) => [name, worstOf(components)])),
  }
}

const worstOf = (components: readonly HealthComponent[]): HealthComponent => ({
  required: components.some(({ required }) => required),
  async check() {
    const statuses = await Promise.all(components.map(statusOf))
    return (['DOWN', 'DEGRADED'] as const).find((status) => statuses.includes(status)) ?? 'UP'
  },
})

const CHECK_TIMEOUT_MS = 2_000

/**
 * Mounts `/actuator/health`, `/ready`, `/live` and `/actuator/prometheus`, for the load balancer and
 * operators.
 */
export function mountHealth(
  app: FastifyInstance,
  options: { components(): HealthComponents; metrics: Metrics; now: () => Date },
): void {
  const assess = async () => {
    const components = options.components()
    const entries = await Promise.all(
      Object.entries(components).map(async ([name, component]) => [name, await statusOf(component)] as const),
    )
    const broken = (required: boolean) =>
      entries.some(([name, status]) => status !== 'UP' && components[name]?.required === required)
    const down = entries.some(([name, status]) => status === 'DOWN' && components[name]?.required)
    const status: ComponentStatus = down ? 'DOWN' : broken(false) || broken(true) ? 'DEGRADED' : 'UP'
    return { status, timestamp: options.now().toISOString(), components: Object.fromEntries(entries) }
  }

  app.get('/actuator/health', async (_request, reply) => {
    const health = await assess()
    return reply.code(health.status === 'DOWN' ? 503 : 200).send(health)
  })
  app.get('/actuator/health/ready', async (_request, reply) => {
    const { status } = await assess()
    return reply
      .code(status === 'DOWN' ? 503 : 200)
      .send({ status: status === 'DOWN' ? 'NOT_READY' : 'READY' })
  })
  app.get('/actuator/health/live', async () => ({ status: 'ALIVE' }))
  app.get('/actuator/prometheus', async (_request, reply) =>
    reply.type(options.metrics.registry.contentType).send(await options.metrics.registry.metrics()),
  )
}

async function statusOf(component: HealthComponent): Promise<ComponentStatus> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'DOWN'>((resolve) => {
    timer = setTimeout(() => resolve('DOWN'), CHECK_TIMEOUT_MS)
  })
  const answer = component.check().then(
    (status): ComponentStatus => (status === 'DEGRADED' || status === 'DOWN' ? status : 'UP'),
    (): ComponentStatus => 'DOWN',
  )
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
