import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'

/** How big a service is. CPU in units of 1/1024, memory in MiB: one of Fargate's combinations. */
export interface ServiceSize {
  cpu: number
  memoryMiB: number
  tasksMin: number
  tasksMax: number
  /** Connections to PostgreSQL that each task keeps at most. */
  databasePoolSize: number
}

/**
 * What an environment is: sizes and how much is lost when something breaks. Nothing of an account stands
 * here.
 */
export interface EnvironmentDefinition {
  name: 'dev' | 'prod'
  zones: number
  natGateways: number
  /** Refuse to delete what holds data, and keep it when its stack goes. */
  keepsData: boolean
  database: {
    /** Aurora capacity units: one is about 2 GiB of memory. */
    capacityMin: number
    capacityMax: number
    readers: number
    backupDays: number
    /** Set rather than derived, so that it is known what the pools of all tasks may add up to. */
    connectionsMax: number
  }
  redis: { holdsNode: string; cacheNode: string; replicas: number }
  services: Readonly<Record<ServiceKey, ServiceSize>>
  /**
   * Whether orders are accepted for later; see "Orders through a queue" in docs/deployment.md before it is
   * turned on or off.
   */
  orderQueue: 'on' | 'off'
  logDays: number
  /** Part of all traces that is kept, 0 to 1. */
  traceRatio: number
  /** Of the whole account, in a month. */
  budgetUsd: number
  /** Requests of one address in five minutes. */
  requestsPerAddress: number
}

const everyService = (size: ServiceSize, others: Partial<Record<ServiceKey, Partial<ServiceSize>>> = {}) =>
  Object.fromEntries(serviceKeys.map((key) => [key, { ...size, ...others[key] }])) as Record<
    ServiceKey,
    ServiceSize
  >

/** Small and cheap: one task of each, one zone's worth of everything, gone with its stacks. */
const dev: EnvironmentDefinition = {
  name: 'dev',
  zones: 2, // the least that a load balancer and Aurora take
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

/** Across three zones, at least two tasks of each, nothing lost with one zone. */
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
      // One thread does the work of a task, and one more prints: a second processor would mostly wait.
      tickets: { cpu: 1024, memoryMiB: 2048, tasksMin: 3, tasksMax: 60 },
      payments: { cpu: 1024, memoryMiB: 2048, tasksMin: 3, tasksMax: 30, databasePoolSize: 20 },
      events: { cpu: 1024, memoryMiB: 2048, tasksMin: 2, tasksMax: 20 },
    },
  ),
  orderQueue: 'on',
  logDays: 90,
  traceRatio: 0.1,
  budgetUsd: 2_000,
  requestsPerAddress: 5_000, // a mobile network or an office puts hundreds of people behind one
}

export const environments = { dev, prod } as const
export type EnvironmentName = keyof typeof environments
export const environmentNames = Object.keys(environments) as EnvironmentName[]
