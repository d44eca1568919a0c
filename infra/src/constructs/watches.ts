import {
  type Queue,
  type QueueName,
  queueNames,
  queues,
  type SagaStateInProgress,
  type ServiceKey,
  sagaStatesInProgress,
  serviceKeys,
  topicsOf,
} from '@boxoffice/contracts'
import {
  aws_cloudwatch as cloudwatch,
  Duration,
  type aws_elasticloadbalancingv2 as elb,
  type aws_rds as rds,
} from 'aws-cdk-lib'
import type { EnvironmentDefinition } from '../environments.ts'
import { prefixOf } from '../names.ts'
import { type AlarmKind, type Alarms, FIVE_MINUTES, MINUTE } from './alarms.ts'
import { metricOf, ownMetric } from './metrics.ts'
import type { RedisStore } from './redis-store.ts'

/**
 * How long messages may wait before an alarm is raised; longer for the read side, whose delay users notice
 * later. Its lag has an alarm of its own.
 */
const waitLimitSeconds = (name: QueueName) => (queues[name].consumer === 'analytics' ? 900 : 300)
/** Limit of the lag between sales and the figures that organizers see. */
const PROJECTION_LAG_SECONDS = 300
const P99_SECONDS = 2
/** A purchase waits for the gateway, for up to ten seconds. */
const P99_OF_PAYMENTS_SECONDS = 10

/** The edge resources that alarms watch. */
export interface WatchedEdge {
  readonly loadBalancer: elb.ApplicationLoadBalancer
  readonly targetGroups: Readonly<Record<ServiceKey, elb.ApplicationTargetGroup>>
  readonly certificateArn: string
}

/** The stores that alarms watch. */
export interface WatchedStores {
  readonly database: Pick<rds.DatabaseCluster, 'clusterIdentifier'>
  readonly holds: Pick<RedisStore, 'nodeIds'>
  readonly cache: Pick<RedisStore, 'nodeIds'>
}

/** Calls that users wait for, or that payments and mails depend on. */
const watchedCalls = [
  ['payments', 'gateway'],
  ['payments', 'tickets'],
  ['payments', 'events'],
  ['tickets', 'events'],
  ['tickets', 'payments'],
  ['notifications', 'mail'],
  ['notifications', 'sms'],
  ['notifications', 'push'],
  ['notifications', 'tickets'],
] as const

type Limits = { readonly [State in SagaStateInProgress]?: number }
/**
 * Limits in seconds for states in which it is unknown whether a card was charged. The last one polls the
 * gateway's ledger by design, so its limit is long.
 */
const unknownFor: Limits = { RESOLVING: 600, CANCELLING_CHARGE: 600, REFUND_IF_CHARGED: 7_200 }
/** Limits in seconds for compensating states. */
const undoingFor: Limits = {
  RELEASING: 600,
  CANCELLING_TICKETS: 600,
  WITHDRAWING_TICKETS: 600,
  REFUNDING: 1_800,
  REPAYING: 1_800,
}

/** Adds alarms for dead letters, messages that are not consumed, and messages that are not published. */
export function watchMessages(alarms: Alarms, environment: EnvironmentDefinition): void {
  const ofQueue = (name: string, metricName: string) =>
    metricOf(
      'AWS/SQS',
      metricName,
      { QueueName: prefixOf(environment.name) + name },
      { period: MINUTE, statistic: 'Maximum' },
    )
  for (const name of queueNames) {
    const { deadLetterQueue }: Queue = queues[name]
    const letters = ofQueue(deadLetterQueue, 'ApproximateNumberOfMessagesVisible')
    alarms.add('dead-letters', { about: deadLetterQueue, metric: letters, limit: 0 })
    const age = ofQueue(name, 'ApproximateAgeOfOldestMessage')
    alarms.add('messages-wait', { about: name, metric: age, limit: waitLimitSeconds(name), periods: 3 })
  }
  for (const key of serviceKeys.filter((service) => topicsOf(service).length > 0)) {
    const oldest = ownMetric(key, 'outbox_oldest_unpublished_seconds', {}, { period: MINUTE })
    // Missing data is a breach: the service, or its collector, is not running.
    alarms.add('outbox-stuck', { about: key, metric: oldest, limit: 120, periods: 5, missingIsBad: true })
  }
}

/** Adds alarms for what users notice: errors, slow responses, services without healthy tasks. */
export function watchRequests(alarms: Alarms, environment: EnvironmentDefinition, edge: WatchedEdge): void {
  const balancer = edge.loadBalancer.metrics
  const own = balancer.custom('HTTPCode_ELB_5XX_Count', { period: MINUTE, statistic: 'Sum' })
  alarms.add('server-errors', { about: 'edge', metric: own, limit: 10, periods: 3, ofPeriods: 5 })
  for (const key of serviceKeys) watchService(alarms, environment, edge, key)
  for (const [service, callee] of watchedCalls) {
    const open = ownMetric(service, 'circuit_breaker_state', { callee }, { period: MINUTE })
    alarms.add('breaker-open', { about: `${service}-${callee}`, metric: open, limit: 0.5, periods: 3 })
  }
  watchCertificate(alarms, edge)
}

function watchService(
  alarms: Alarms,
  environment: EnvironmentDefinition,
  edge: WatchedEdge,
  key: ServiceKey,
): void {
  const targets = edge.targetGroups[key].metrics
  const errors = targets.custom('HTTPCode_Target_5XX_Count', {
    period: MINUTE,
    statistic: 'Sum',
    label: 'errors',
  })
  const requests = targets.custom('RequestCount', { period: MINUTE, statistic: 'Sum', label: 'requests' })
  const percent = new cloudwatch.MathExpression({
    // With few requests, as at night, five errors in a minute are enough.
    expression: 'IF(requests > 20, 100 * FILL(errors, 0) / requests, IF(FILL(errors, 0) > 4, 100, 0))',
    usingMetrics: { errors, requests },
    period: MINUTE,
    label: `${key}: percent of 5xx`,
  })
  alarms.add('server-errors', { about: key, metric: percent, limit: 2, periods: 3, ofPeriods: 5 })
  const times = targets.custom('TargetResponseTime', { period: FIVE_MINUTES, statistic: 'p99', label: 'p99' })
  const several = targets.custom('RequestCount', {
    period: FIVE_MINUTES,
    statistic: 'Sum',
    label: 'requests',
  })
  const slow = new cloudwatch.MathExpression({
    expression: 'IF(requests > 50, p99, 0)',
    usingMetrics: { p99: times, requests: several },
    period: FIVE_MINUTES,
    label: `${key}: slowest 1 %`,
  })
  const limit = key === 'payments' ? P99_OF_PAYMENTS_SECONDS : P99_SECONDS
  alarms.add('slow-answers', { about: key, metric: slow, limit, periods: 3 })
  const inCluster = { ClusterName: `boxoffice-${environment.name}`, ServiceName: key }
  const running = metricOf('ECS/ContainerInsights', 'RunningTaskCount', inCluster, {
    period: MINUTE,
    statistic: 'Minimum',
  })
  const unhealthy = targets.custom('UnHealthyHostCount', { period: MINUTE, statistic: 'Maximum' })
  alarms.add('no-healthy-tasks', {
    about: key,
    metric: new cloudwatch.MathExpression({
      expression: 'running - FILL(unhealthy, 0)',
      usingMetrics: { running, unhealthy },
      period: MINUTE,
      label: `${key}: tasks that answer`,
    }),
    limit: environment.services[key].tasksMin,
    comparison: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    periods: 5,
    missingIsBad: true,
  })
}

/** Adds alarms for purchases and refunds that do not complete. */
export function watchPurchases(alarms: Alarms, environment: EnvironmentDefinition): void {
  for (const state of sagaStatesInProgress) {
    watchSagas(alarms, 'saga-unknown', state, unknownFor[state])
    watchSagas(alarms, 'compensation-failed', state, undoingFor[state])
  }
  watchSagas(alarms, 'tickets-late', 'AWAITING_TICKETS', 300)
  // Twice as long as the payment service waits for an order's command (ORDER_QUEUE_PATIENCE_SECONDS).
  watchSagas(alarms, 'orders-wait', 'QUEUED', 600)
  const failed = metricOf(
    'AWS/SNS',
    'NumberOfMessagesPublished',
    { TopicName: `${prefixOf(environment.name)}saga-compensation-failed` },
    { period: MINUTE, statistic: 'Sum' },
  )
  alarms.add('compensation-failed', { about: 'payments', metric: failed, limit: 0 })
}

function watchSagas(alarms: Alarms, kind: AlarmKind, state: SagaStateInProgress, limit?: number): void {
  if (limit === undefined) return
  const oldest = ownMetric('payments', 'sagas_oldest_seconds', { state }, { period: MINUTE })
  alarms.add(kind, { about: state.toLowerCase().replaceAll('_', '-'), metric: oldest, limit, periods: 3 })
}

/** Adds the alarm for a read side that shows outdated figures. */
export function watchProjection(alarms: Alarms): void {
  const lag = ownMetric('analytics', 'projection_lag_seconds', {}, { period: MINUTE })
  // Missing data is a breach: the lag is not reported while the queues cannot be read.
  alarms.add('projection-behind', {
    about: 'analytics',
    metric: lag,
    limit: PROJECTION_LAG_SECONDS,
    periods: 5,
    missingIsBad: true,
  })
}

/** Adds alarms for the capacity of both Redis stores and of PostgreSQL. */
export function watchStores(alarms: Alarms, environment: EnvironmentDefinition, data: WatchedStores): void {
  watchRedis(alarms, data)
  watchDatabase(alarms, environment, data)
}

function watchRedis(alarms: Alarms, data: Pick<WatchedStores, 'holds' | 'cache'>): void {
  for (const [name, store] of Object.entries({ holds: data.holds, cache: data.cache })) {
    for (const node of store.nodeIds) {
      const ofNode = (metricName: string) =>
        metricOf(
          'AWS/ElastiCache',
          metricName,
          { CacheClusterId: node },
          { period: MINUTE, statistic: 'Maximum' },
        )
      alarms.add('redis-full', {
        about: `${node}-memory`,
        metric: ofNode('DatabaseMemoryUsagePercentage'),
        limit: name === 'holds' ? 75 : 95,
        periods: 3,
      })
      alarms.add('redis-full', {
        about: `${node}-processor`,
        metric: ofNode('EngineCPUUtilization'),
        limit: 80,
        periods: 5,
      })
      // The cache may evict keys; holds must never be evicted.
      if (name === 'holds')
        alarms.add('redis-full', { about: `${node}-evictions`, metric: ofNode('Evictions'), limit: 0 })
    }
  }
  const connected = ownMetric(
    'tickets',
    'redis_connected',
    { use: 'holds' },
    { period: MINUTE, statistic: 'Minimum' },
  )
  const comparison = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
  alarms.add('redis-down', { about: 'tickets', metric: connected, limit: 1, comparison, periods: 3 })
}

function watchDatabase(
  alarms: Alarms,
  environment: EnvironmentDefinition,
  data: Pick<WatchedStores, 'database'>,
): void {
  const ofDatabase = (metricName: string, statistic = 'Maximum') =>
    metricOf(
      'AWS/RDS',
      metricName,
      { DBClusterIdentifier: data.database.clusterIdentifier },
      { period: MINUTE, statistic },
    )
  alarms.add('database-busy', {
    about: 'capacity',
    metric: ofDatabase('ACUUtilization'),
    limit: 90,
    periods: 5,
  })
  alarms.add('database-busy', {
    about: 'processor',
    metric: ofDatabase('CPUUtilization'),
    limit: 90,
    periods: 5,
  })
  const { connectionsMax } = environment.database
  alarms.add('database-busy', {
    about: 'connections',
    metric: ofDatabase('DatabaseConnections'),
    limit: connectionsMax * 0.8,
    periods: 3,
  })
  alarms.add('database-busy', {
    about: 'deadlocks',
    metric: ofDatabase('Deadlocks', 'Sum'),
    limit: 5,
    periods: 3,
  })
  alarms.add('database-busy', {
    about: 'commits',
    metric: ofDatabase('CommitLatency', 'Average'),
    limit: 50,
    periods: 5,
  }) // ms
  if (environment.database.readers > 0) {
    alarms.add('database-busy', {
      about: 'replica-lag',
      metric: ofDatabase('AuroraReplicaLagMaximum'),
      limit: 1_000,
      periods: 5,
    }) // ms
  }
}

/** Adds alarms for delayed mails, bounces and complaints. */
export function watchMails(alarms: Alarms): void {
  const waiting = ownMetric('notifications', 'notifications_oldest_pending_seconds', {}, { period: MINUTE })
  alarms.add('mails-wait', { about: 'notifications', metric: waiting, limit: 600, periods: 3 })
  // AWS reviews an account above 5 % bounces or 0.1 % complaints, and pauses its sending above 10 % or 0.5 %.
  const reputation = (metricName: string) =>
    metricOf('AWS/SES', metricName, {}, { period: FIVE_MINUTES, statistic: 'Maximum' })
  alarms.add('mails-bounce', { about: 'bounces', metric: reputation('Reputation.BounceRate'), limit: 0.04 })
  alarms.add('mails-bounce', {
    about: 'complaints',
    metric: reputation('Reputation.ComplaintRate'),
    limit: 0.0008,
  })
}

/** Adds the alarm for a certificate that expires: ACM renews its own certificates, not imported ones. */
function watchCertificate(alarms: Alarms, { certificateArn }: WatchedEdge): void {
  const days = metricOf(
    'AWS/CertificateManager',
    'DaysToExpiry',
    { CertificateArn: certificateArn },
    { period: Duration.days(1), statistic: 'Minimum' },
  )
  const comparison = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
  alarms.add('certificate-expires', { about: 'edge', metric: days, limit: 21, comparison })
}
