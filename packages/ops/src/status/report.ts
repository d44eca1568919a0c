import type { ServiceKey } from '@boxoffice/contracts'
import type { QueueDepth } from '@boxoffice/messaging'
import type { ComponentStatus } from '@boxoffice/service-kit'

export interface ServiceState {
  service: ServiceKey
  url: string
  status: ComponentStatus | 'UNREACHABLE'
  components: Record<string, ComponentStatus>
  /** Age of the oldest unpublished message; null if the service does not report it. */
  oldestUnpublishedSeconds: number | null
  /** Purchases in progress by saga state; only of the payment service. */
  sagas?: Record<string, number>
  /** Why the service is unavailable. */
  failure?: string
}

export interface QueueState {
  queue: string
  /** For a dead-letter queue, the queue that it belongs to. */
  deadLettersOf?: string
  /** null: the queue is missing, or unreachable because of `failure`. */
  depth: QueueDepth | null
  failure?: string
}

/** The state of a system at one moment. */
export interface Report {
  checkedAt: Date
  services: ServiceState[]
  queues: QueueState[]
}

/** Longer than a relay needs, even with a brief outage of SNS. */
const LATE_SECONDS = 60

/** Lists what needs attention, one sentence each; empty when all is well. */
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
  if (status === 'UNREACHABLE') return [`${service} is unavailable at ${url}: ${state.failure}`]
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
  if (failures.length > 0) return [`the queues are unreachable: ${failures[0]}`]
  return queues.flatMap(({ queue, depth, deadLettersOf }) => {
    if (!depth) return [`there is no queue ${queue}`]
    const dead = deadLettersOf === undefined ? 0 : depth.visible + depth.inFlight
    return dead > 0 ? [`${dead} dead ${dead === 1 ? 'letter' : 'letters'} in ${queue}`] : []
  })
}
