import type { ServiceKey } from '@boxoffice/contracts'
import type { QueueDepth } from '@boxoffice/messaging'
import type { ComponentStatus } from '@boxoffice/service-kit'

export interface ServiceState {
  service: ServiceKey
  url: string
  status: ComponentStatus | 'UNREACHABLE'
  components: Record<string, ComponentStatus>
  /** Age of the oldest message that waits to be published; null where the service does not tell. */
  oldestUnpublishedSeconds: number | null
  /** Purchases that are not at an end, by the state of their saga; only the payment service has them. */
  sagas?: Record<string, number>
  /** Why it could not be asked. */
  failure?: string
}

export interface QueueState {
  queue: string
  /** Of a dead-letter queue, whose it is. */
  deadLettersOf?: string
  /** null: there is no such queue, or `failure` says why it could not be asked. */
  depth: QueueDepth | null
  failure?: string
}

/** What was found at one moment. */
export interface Report {
  checkedAt: Date
  services: ServiceState[]
  queues: QueueState[]
}

/** Longer than any relay should need, also with a hiccup of SNS. */
const LATE_SECONDS = 60

/** What an operator should look at, one sentence each; none when all is well. */
export function findingsOf({ services, queues }: Report): string[] {
  return [...findingsOfServices(services), ...findingsOfQueues(queues)]
}

function findingsOfServices(services: readonly ServiceState[]): string[] {
  const [first] = services
  if (!first || services.some(({ status }) => status !== 'UNREACHABLE'))
    return services.flatMap(findingsOfService)
  return [`no service answers (${first.service} at ${first.url}: ${first.failure}): is the system running?`]
}

function findingsOfService(state: ServiceState): string[] {
  const { service, url, status, components, oldestUnpublishedSeconds: age } = state
  if (status === 'UNREACHABLE') return [`${service} does not answer at ${url}: ${state.failure}`]
  const broken = Object.entries(components).filter(([, component]) => component !== 'UP')
  const because =
    broken.length > 0 ? `: ${broken.map(([name, component]) => `${name} is ${component}`).join(', ')}` : ''
  return [
    ...(status === 'UP' ? [] : [`${service} is ${status}${because}`]),
    ...(age !== null && age > LATE_SECONDS
      ? [`${service} has not published a message for ${Math.round(age)} s`]
      : []),
  ]
}

function findingsOfQueues(queues: readonly QueueState[]): string[] {
  const failures = queues.flatMap(({ failure }) => failure ?? [])
  if (failures.length > 0) return [`the queues cannot be looked at: ${failures[0]}`]
  return queues.flatMap(({ queue, depth, deadLettersOf }) => {
    if (!depth) return [`there is no queue ${queue}`]
    const dead = deadLettersOf === undefined ? 0 : depth.visible + depth.inFlight
    return dead > 0 ? [`${dead} dead ${dead === 1 ? 'letter' : 'letters'} in ${queue}`] : []
  })
}
