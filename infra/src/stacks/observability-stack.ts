import { type Queue, type QueueName, queueNames, queues, serviceKeys, topicsOf } from '@boxoffice/contracts'
import {
  aws_budgets as budgets,
  aws_cloudwatch as cloudwatch,
  Duration,
  aws_events as events,
  aws_events_targets as eventTargets,
  aws_iam as iam,
  Stack,
  type StackProps,
  aws_sns as sns,
  aws_sns_subscriptions as subscriptions,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { type AlarmKind, Alarms, FIVE_MINUTES, MINUTE, runbookOf } from '../constructs/alarms.ts'
import { addDashboard } from '../constructs/dashboard.ts'
import { createKey } from '../constructs/encryption-key.ts'
import { metricOf, ownMetric } from '../constructs/metrics.ts'
import type { EnvironmentDefinition } from '../environments.ts'
import { prefixOf } from '../names.ts'
import type { Settings } from '../settings.ts'
import type { DataStack } from './data-stack.ts'
import type { EdgeStack } from './edge-stack.ts'
import type { MessagingStack } from './messaging-stack.ts'
import type { NetworkStack } from './network-stack.ts'

export interface Watched {
  network: NetworkStack
  data: DataStack
  messaging: MessagingStack
  edge: EdgeStack
}
interface ObservabilityProps extends StackProps, Watched {
  environment: EnvironmentDefinition
  settings: Settings
}

/** How long messages may wait before somebody is told: what people notice sooner is shorter. */
const waitLimitSeconds = (name: QueueName) => (name === 'analytics-queue' ? 1_800 : 300)
const P99_SECONDS = 2
/** Buying waits for the gateway, up to ten seconds. */
const P99_OF_PAYMENTS_SECONDS = 10

/** Calls that people wait for, or that money and mails depend on. */
const watchedCalls = [
  ['payments', 'gateway'],
  ['payments', 'tickets'],
  ['payments', 'events'],
  ['tickets', 'events'],
  ['tickets', 'payments'],
  ['notifications', 'mail'],
  ['notifications', 'sms'],
  ['notifications', 'tickets'],
] as const

/** Seconds in which a saga should know whether a card was charged. The last looks at the gateway's books again and again, by design. */
const unknownFor = { RESOLVING: 600, CANCELLING_CHARGE: 600, REFUND_IF_CHARGED: 7_200 }
/** Seconds in which what was begun should be undone. */
const undoingFor = { RELEASING: 600, CANCELLING_TICKETS: 600, WITHDRAWING_TICKETS: 600, REFUNDING: 1_800, REPAYING: 1_800 }

/** What tells operators that something is wrong and shows them what: alarms, the dashboard, the budget. */
export class ObservabilityStack extends Stack {
  readonly alarms: Alarms

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id, props)
    const { environment, settings } = props
    const topic = this.createTopic(environment, settings)
    this.alarms = new Alarms(this, environment.name, topic)
    this.watchMessages(props)
    this.watchRequests(props)
    this.watchPurchases(environment)
    this.watchStores(props)
    this.watchMails()
    this.watchDeployments(props.network, topic)
    this.watchCertificate(props.edge)
    this.createBudget(environment, settings)
    addDashboard(this, environment, props, this.alarms.all)
  }

  private createTopic(environment: EnvironmentDefinition, { operators }: Settings): sns.Topic {
    const principals = ['cloudwatch.amazonaws.com', 'events.amazonaws.com']
    const topic = new sns.Topic(this, 'AlarmsTopic', {
      topicName: `${prefixOf(environment.name)}alarms`,
      masterKey: createKey(this, 'Key', { environment, description: 'alarms', principals }),
      enforceSSL: true,
    })
    topic.grantPublish(new iam.ServicePrincipal('cloudwatch.amazonaws.com'))
    if (operators) topic.addSubscription(new subscriptions.EmailSubscription(operators))
    return topic
  }

  private watchMessages({ environment }: ObservabilityProps): void {
    const ofQueue = (name: string, metricName: string) =>
      metricOf('AWS/SQS', metricName, { QueueName: prefixOf(environment.name) + name }, { period: MINUTE, statistic: 'Maximum' })
    for (const name of queueNames) {
      const { deadLetterQueue }: Queue = queues[name]
      const letters = ofQueue(deadLetterQueue, 'ApproximateNumberOfMessagesVisible')
      this.alarms.add('dead-letters', { about: deadLetterQueue, metric: letters, limit: 0 })
      const age = ofQueue(name, 'ApproximateAgeOfOldestMessage')
      this.alarms.add('messages-wait', { about: name, metric: age, limit: waitLimitSeconds(name), periods: 3 })
    }
    for (const key of serviceKeys.filter((service) => topicsOf(service).length > 0)) {
      const oldest = ownMetric(key, 'outbox_oldest_unpublished_seconds', {}, { period: MINUTE })
      // Silence is bad too: whoever counts nothing is not watched, and the collector beside it may be gone.
      this.alarms.add('outbox-stuck', { about: key, metric: oldest, limit: 120, periods: 5, missingIsBad: true })
    }
  }

  private watchRequests({ edge, environment }: ObservabilityProps): void {
    const balancer = edge.loadBalancer.metrics
    const own = balancer.custom('HTTPCode_ELB_5XX_Count', { period: MINUTE, statistic: 'Sum' })
    this.alarms.add('server-errors', { about: 'edge', metric: own, limit: 10, periods: 3, ofPeriods: 5 })
    for (const key of serviceKeys) {
      const targets = edge.targetGroups[key].metrics
      const errors = targets.custom('HTTPCode_Target_5XX_Count', { period: MINUTE, statistic: 'Sum', label: 'errors' })
      const requests = targets.custom('RequestCount', { period: MINUTE, statistic: 'Sum', label: 'requests' })
      const percent = new cloudwatch.MathExpression({
        // Of few requests, as at night, a few errors are enough.
        expression: 'IF(requests > 20, 100 * errors / requests, IF(errors > 4, 100, 0))',
        usingMetrics: { errors, requests },
        period: MINUTE,
        label: `${key}: percent of 5xx`,
      })
      this.alarms.add('server-errors', { about: key, metric: percent, limit: 2, periods: 3, ofPeriods: 5 })
      const times = targets.custom('TargetResponseTime', { period: FIVE_MINUTES, statistic: 'p99', label: 'p99' })
      const several = targets.custom('RequestCount', { period: FIVE_MINUTES, statistic: 'Sum', label: 'requests' })
      const slow = new cloudwatch.MathExpression({
        expression: 'IF(requests > 50, p99, 0)',
        usingMetrics: { p99: times, requests: several },
        period: FIVE_MINUTES,
        label: `${key}: slowest 1 %`,
      })
      const limit = key === 'payments' ? P99_OF_PAYMENTS_SECONDS : P99_SECONDS
      this.alarms.add('slow-answers', { about: key, metric: slow, limit, periods: 3 })
      const inCluster = { ClusterName: `boxoffice-${environment.name}`, ServiceName: key }
      const running = metricOf('ECS/ContainerInsights', 'RunningTaskCount', inCluster, { period: MINUTE, statistic: 'Minimum' })
      const unhealthy = targets.custom('UnHealthyHostCount', { period: MINUTE, statistic: 'Maximum' })
      this.alarms.add('no-healthy-tasks', {
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
    for (const [service, callee] of watchedCalls) {
      const open = ownMetric(service, 'circuit_breaker_state', { callee }, { period: MINUTE })
      this.alarms.add('breaker-open', { about: `${service}-${callee}`, metric: open, limit: 0.5, periods: 3 })
    }
  }

  private watchPurchases(environment: EnvironmentDefinition): void {
    for (const [state, limit] of Object.entries(unknownFor)) this.watchSagas('saga-unknown', state, limit)
    for (const [state, limit] of Object.entries(undoingFor)) this.watchSagas('compensation-failed', state, limit)
    this.watchSagas('tickets-late', 'AWAITING_TICKETS', 300)
    const failed = metricOf(
      'AWS/SNS',
      'NumberOfMessagesPublished',
      { TopicName: `${prefixOf(environment.name)}saga-compensation-failed` },
      { period: MINUTE, statistic: 'Sum' },
    )
    this.alarms.add('compensation-failed', { about: 'payments', metric: failed, limit: 0 })
  }

  private watchSagas(kind: AlarmKind, state: string, limit: number): void {
    const oldest = ownMetric('payments', 'sagas_oldest_seconds', { state }, { period: MINUTE })
    this.alarms.add(kind, { about: state.toLowerCase().replaceAll('_', '-'), metric: oldest, limit, periods: 3 })
  }

  private watchStores({ data, environment }: ObservabilityProps): void {
    for (const [name, store] of Object.entries({ holds: data.holds, cache: data.cache })) {
      for (const node of store.nodeIds) {
        const ofNode = (metricName: string) =>
          metricOf('AWS/ElastiCache', metricName, { CacheClusterId: node }, { period: MINUTE, statistic: 'Maximum' })
        this.alarms.add('redis-full', {
          about: `${node}-memory`,
          metric: ofNode('DatabaseMemoryUsagePercentage'),
          limit: name === 'holds' ? 75 : 95,
          periods: 3,
        })
        this.alarms.add('redis-full', {
          about: `${node}-processor`,
          metric: ofNode('EngineCPUUtilization'),
          limit: 80,
          periods: 5,
        })
        // The cache drops what it likes; the holds must drop nothing.
        if (name === 'holds') this.alarms.add('redis-full', { about: `${node}-evictions`, metric: ofNode('Evictions'), limit: 0 })
      }
    }
    const connected = ownMetric('tickets', 'redis_connected', { use: 'holds' }, { period: MINUTE, statistic: 'Minimum' })
    const comparison = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
    this.alarms.add('redis-away', { about: 'tickets', metric: connected, limit: 1, comparison, periods: 3 })
    const ofDatabase = (metricName: string, statistic = 'Maximum') =>
      metricOf('AWS/RDS', metricName, { DBClusterIdentifier: data.database.clusterIdentifier }, { period: MINUTE, statistic })
    this.alarms.add('database-busy', { about: 'capacity', metric: ofDatabase('ACUUtilization'), limit: 90, periods: 5 })
    this.alarms.add('database-busy', { about: 'processor', metric: ofDatabase('CPUUtilization'), limit: 90, periods: 5 })
    const { connectionsMax } = environment.database
    this.alarms.add('database-busy', {
      about: 'connections',
      metric: ofDatabase('DatabaseConnections'),
      limit: connectionsMax * 0.8,
      periods: 3,
    })
    this.alarms.add('database-busy', { about: 'deadlocks', metric: ofDatabase('Deadlocks', 'Sum'), limit: 5, periods: 3 })
    this.alarms.add('database-busy', { about: 'commits', metric: ofDatabase('CommitLatency', 'Average'), limit: 50, periods: 5 }) // ms
    if (environment.database.readers > 0) {
      this.alarms.add('database-busy', {
        about: 'replica-lag',
        metric: ofDatabase('AuroraReplicaLagMaximum'),
        limit: 1_000,
        periods: 5,
      }) // ms
    }
  }

  private watchMails(): void {
    const waiting = ownMetric('notifications', 'notifications_oldest_pending_seconds', {}, { period: MINUTE })
    this.alarms.add('mails-wait', { about: 'notifications', metric: waiting, limit: 600, periods: 3 })
    // AWS looks into an account above 5 % and 0.1 %, and stops its mails above 10 % and 0.5 %.
    const reputation = (metricName: string) => metricOf('AWS/SES', metricName, {}, { period: FIVE_MINUTES, statistic: 'Maximum' })
    this.alarms.add('mails-bounce', { about: 'bounces', metric: reputation('Reputation.BounceRate'), limit: 0.04 })
    this.alarms.add('mails-bounce', { about: 'complaints', metric: reputation('Reputation.ComplaintRate'), limit: 0.0008 })
  }

  /** ACM renews its own; one that was brought along ends some day. */
  private watchCertificate({ certificateArn }: EdgeStack): void {
    const days = metricOf(
      'AWS/CertificateManager',
      'DaysToExpiry',
      { CertificateArn: certificateArn },
      { period: Duration.days(1), statistic: 'Minimum' },
    )
    const comparison = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
    this.alarms.add('certificate-expires', { about: 'edge', metric: days, limit: 21, comparison })
  }

  /** ECS says when a deployment was given up and rolled back. */
  private watchDeployments(network: NetworkStack, topic: sns.Topic): void {
    new events.Rule(this, 'FailedDeployments', {
      description: `A deployment was rolled back. What to do: ${runbookOf('deployment-failed')}`,
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Deployment State Change'],
        detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'] },
        resources: events.Match.prefix(
          `arn:${this.partition}:ecs:${this.region}:${this.account}:service/${network.cluster.clusterName}/`,
        ) as never,
      },
      targets: [
        new eventTargets.SnsTopic(topic, {
          message: events.RuleTargetInput.fromText(
            `A deployment of ${events.EventField.fromPath('$.resources[0]')} was rolled back: ${events.EventField.fromPath('$.detail.reason')}. What to do: ${runbookOf('deployment-failed')}`,
          ),
        }),
      ],
    })
  }

  private createBudget({ name, budgetUsd }: EnvironmentDefinition, { operators }: Settings): void {
    const notify = (threshold: number, notificationType: 'ACTUAL' | 'FORECASTED') => ({
      notification: { comparisonOperator: 'GREATER_THAN', notificationType, threshold, thresholdType: 'PERCENTAGE' },
      subscribers: operators ? [{ subscriptionType: 'EMAIL', address: operators }] : [],
    })
    new budgets.CfnBudget(this, 'Budget', {
      budget: {
        budgetName: `boxoffice-${name}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: budgetUsd, unit: 'USD' },
      },
      // A notification without anybody to tell is refused.
      ...(operators && { notificationsWithSubscribers: [notify(80, 'ACTUAL'), notify(100, 'FORECASTED')] }),
    })
  }
}
