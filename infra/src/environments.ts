import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'

/**
 * The size of a service. CPU in units of 1/1024, memory in MiB; must be a combination that Fargate supports.
 */
export interface ServiceSize {
  cpu: number
  memoryMiB: number
  tasksMin: number
  tasksMax: number
  /** Maximum number of PostgreSQL connections per task. */
  databasePoolSize: number
}

/** An environment: sizes, redundancy and retention. Contains nothing specific to an AWS account. */
export interface EnvironmentDefinition {
  name: 'dev' | 'prod'
  zones: number
  natGateways: number
  /** Protects resources that hold data from deletion, and retains them when their stack is deleted. */
  keepsData: boolean
  database: {
    /** Aurora capacity units (ACU): one is about 2 GiB of memory. */
    capacityMin: number
    capacityMax: number
    readers: number
    backupDays: number
    /** Set explicitly, so that the total of all connection pools can be checked against it. */
    connectionsMax: number
  }
  redis: { holdsNode: string; cacheNode: string; replicas: number }
  services: Readonly<Record<ServiceKey, ServiceSize>>
  /** Whether orders may be queued; read "Orders through a queue" in docs/deployment.md before changing it. */
  orderQueue: 'on' | 'off'
  logDays: number
  /** Share of traces that is kept, 0 to 1. */
  traceRatio: number
  /** Monthly budget of the whole account. */
  budgetUsd: number
  /** Limit of requests per IP address in five minutes. */
  requestsPerAddress: number
}

const everyService = (size: ServiceSize, others: Partial<Record<ServiceKey, Partial<ServiceSize>>> = {}) =>
  Object.fromEntries(serviceKeys.map((key) => [key, { ...size, ...others[key] }])) as Record<
    ServiceKey,
    ServiceSize
  >

/** Small and cheap: one task per service, no replicas; data is deleted with the stacks. */
const dev: EnvironmentDefinition = {
  name: 'dev',
  zones: 2, // the minimum for a load balancer and for Aurora
  natGateways: 1,
  keepsData: false,
  database: { capacityMin: 1, capacityMax: 4, readers: 0, backupDays: 1, connectionsMax: 300 },
  redis: { holdsNode: 'cache.t4g.micro', cacheNode: 'cache.t4g.micro', replicas: 0 },
  services: everyService({ cpu: 256, memoryMiB: 1024, tasksMin: 1, tasksMax: 2, databasePoolSize: 10 }),
  orderQueue: 'on',
  logDays: 7,
  traceRatio: 1,
  budgetUsd: 400,
  requestsPerAddress: 5_000,
}

/** Three zones and at least two tasks per service; survives the loss of a zone. */
const prod: EnvironmentDefinition = {
  name: 'prod',
  zones: 3,
  natGateways: 3,
  keepsData: true,
  database: { capacityMin: 2, capacityMax: 64, readers: 1, backupDays: 14, connectionsMax: 4_000 },
  redis: { holdsNode: 'cache.m7g.large', cacheNode: 'cache.t4g.medium', replicas: 1 },
  services: everyService(
    { cpu: 512, memoryMiB: 1024, tasksMin: 2, tasksMax: 10, databasePoolSize: 10 },
    {
      // A task uses one thread, and one more for printing: a second processor would mostly be idle.
      tickets: { cpu: 1024, memoryMiB: 2048, tasksMin: 3, tasksMax: 60 },
      payments: { cpu: 1024, memoryMiB: 2048, tasksMin: 3, tasksMax: 30, databasePoolSize: 20 },
      events: { cpu: 1024, memoryMiB: 2048, tasksMin: 2, tasksMax: 20 },
    },
  ),
  orderQueue: 'on',
  logDays: 90,
  traceRatio: 0.1,
  budgetUsd: 2_000,
  requestsPerAddress: 5_000, // a mobile network or an office can have hundreds of users behind one address
}

export const environments = { dev, prod } as const
export type EnvironmentName = keyof typeof environments
export const environmentNames = Object.keys(environments) as EnvironmentName[]
