import {
  type Queue,
  queueNames,
  queues,
  sagaStatesInProgress,
  serviceKeys,
  topicsOf,
} from '@boxoffice/contracts'
import { aws_cloudwatch as cloudwatch, Duration } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../environments.ts'
import { prefixOf } from '../names.ts'
import { MINUTE } from './alarms.ts'
import { metricOf, ownMetric } from './metrics.ts'
import type { WatchedEdge, WatchedStores } from './watches.ts'

/** The resources that the dashboard shows. */
interface Watched {
  edge: WatchedEdge
  data: WatchedStores
}

const WIDTH = 24

/** The dashboard: one page, read from top to bottom; each row answers one question of an operator on call. */
export function addDashboard(
  scope: Construct,
  environment: EnvironmentDefinition,
  watched: Watched,
  alarms: cloudwatch.IAlarm[],
): void {
  const dashboard = new cloudwatch.Dashboard(scope, 'Dashboard', {
    dashboardName: `boxoffice-${environment.name}`,
    defaultInterval: Duration.hours(3),
  })
  const row = (question: string, graphs: { title: string; left: cloudwatch.IMetric[]; unit?: string }[]) => {
    dashboard.addWidgets(
      new cloudwatch.TextWidget({
        markdown: `## ${question}`,
        width: WIDTH,
        height: 1,
        background: cloudwatch.TextWidgetBackground.TRANSPARENT,
      }),
    )
    const width = Math.floor(WIDTH / graphs.length)
    dashboard.addWidgets(
      ...graphs.map(
        ({ title, left, unit }) =>
          new cloudwatch.GraphWidget({
            title,
            left,
            width,
            height: 6,
            period: MINUTE,
            leftYAxis: { min: 0, ...(unit && { label: unit, showUnits: false }) },
          }),
      ),
    )
  }
  dashboard.addWidgets(
    new cloudwatch.AlarmStatusWidget({ title: 'What is wrong now?', alarms, width: WIDTH, height: 5 }),
  )
  row('Do people get answers?', requests(watched))
  row('Do purchases end?', purchases())
  row('Does anything wait?', messages(environment))
  row('Do tickets reach mailboxes?', mails())
  row('Do organizers see what is sold?', projection(environment))
  row('Is there room left?', stores(environment, watched))
}

const perService = (make: (key: (typeof serviceKeys)[number]) => cloudwatch.IMetric) => serviceKeys.map(make)

const requests = ({ edge }: Watched) => {
  const of = (metricName: string, statistic: string) =>
    perService((key) =>
      edge.targetGroups[key].metrics.custom(metricName, { period: MINUTE, statistic, label: key }),
    )
  return [
    { title: 'Requests in a minute', left: of('RequestCount', 'Sum') },
    { title: 'Answers 5xx in a minute', left: of('HTTPCode_Target_5XX_Count', 'Sum') },
    { title: 'Slowest 1 %', left: of('TargetResponseTime', 'p99'), unit: 's' },
    { title: 'Tasks that answer', left: of('HealthyHostCount', 'Minimum') },
  ]
}

const purchases = () => {
  const outcomes = (service: 'payments' | 'tickets', name: string, values: string[]) =>
    values.map((outcome) =>
      ownMetric(service, name, { outcome }, { period: MINUTE, statistic: cloudwatch.Stats.SUM }),
    )
  return [
    {
      title: 'Orders in a minute',
      left: outcomes('payments', 'orders_total', ['placed', 'confirmed', 'failed', 'refunded']),
    },
    {
      title: 'Holds in a minute',
      left: outcomes('tickets', 'holds_total', ['reserved', 'INSUFFICIENT_INVENTORY', 'SEATS_TAKEN']),
    },
    {
      title: 'Purchases and refunds on their way: the oldest of each state',
      left: sagaStatesInProgress.map((state) =>
        ownMetric('payments', 'sagas_oldest_seconds', { state }, { period: MINUTE }),
      ),
      unit: 's',
    },
    {
      title: 'Breakers: 0 closed, 1 open',
      left: ['gateway', 'tickets', 'events'].map((callee) =>
        ownMetric('payments', 'circuit_breaker_state', { callee }, { period: MINUTE }),
      ),
    },
  ]
}

const messages = (environment: EnvironmentDefinition) => {
  const ofQueue = (name: string, metricName: string) =>
    metricOf(
      'AWS/SQS',
      metricName,
      { QueueName: prefixOf(environment.name) + name },
      { period: MINUTE, statistic: 'Maximum', label: name },
    )
  return [
    {
      title: 'Oldest message of each queue',
      left: queueNames.map((name) => ofQueue(name, 'ApproximateAgeOfOldestMessage')),
      unit: 's',
    },
    {
      title: 'Dead letters',
      left: queueNames.map((name) =>
        ofQueue((queues[name] satisfies Queue).deadLetterQueue, 'ApproximateNumberOfMessagesVisible'),
      ),
    },
    {
      title: 'Oldest message that is not published yet',
      left: serviceKeys
        .filter((key) => topicsOf(key).length > 0)
        .map((key) => ownMetric(key, 'outbox_oldest_unpublished_seconds', {}, { period: MINUTE })),
      unit: 's',
    },
    {
      title: 'Orders in the queue, and from it at work in the busiest task',
      left: [
        ofQueue('order-commands.fifo', 'ApproximateNumberOfMessagesVisible'),
        ownMetric('payments', 'order_workers_busy', {}, { period: MINUTE }),
      ],
    },
  ]
}

const mails = () => [
  {
    title: 'Oldest mail that waits',
    left: [ownMetric('notifications', 'notifications_oldest_pending_seconds', {}, { period: MINUTE })],
    unit: 's',
  },
  {
    title: 'Mails that SES took, and those it could not deliver',
    left: ['Send', 'Delivery', 'Bounce', 'Complaint'].map((name) =>
      metricOf('AWS/SES', name, {}, { period: MINUTE, statistic: 'Sum', label: name }),
    ),
  },
]

const projection = (environment: EnvironmentDefinition) => [
  {
    title: 'How far the read side is behind',
    left: [ownMetric('analytics', 'projection_lag_seconds', {}, { period: MINUTE })],
    unit: 's',
  },
  {
    title: 'Messages that it has not taken yet',
    left: queueNames
      .filter((name) => queues[name].consumer === 'analytics')
      .map((name) =>
        metricOf(
          'AWS/SQS',
          'ApproximateNumberOfMessagesVisible',
          { QueueName: prefixOf(environment.name) + name },
          { period: MINUTE, statistic: 'Maximum', label: name },
        ),
      ),
  },
]

const stores = (environment: EnvironmentDefinition, { data }: Watched) => {
  const ofDatabase = (metricName: string, label: string) =>
    metricOf(
      'AWS/RDS',
      metricName,
      { DBClusterIdentifier: data.database.clusterIdentifier },
      { period: MINUTE, statistic: 'Maximum', label },
    )
  const memory = [data.holds, data.cache].flatMap(({ nodeIds }) =>
    nodeIds.map((node) =>
      metricOf(
        'AWS/ElastiCache',
        'DatabaseMemoryUsagePercentage',
        { CacheClusterId: node },
        { period: MINUTE, statistic: 'Maximum', label: node },
      ),
    ),
  )
  return [
    {
      title: `PostgreSQL: part of ${environment.database.capacityMax} capacity units`,
      left: [ofDatabase('ACUUtilization', 'capacity')],
      unit: '%',
    },
    {
      title: `PostgreSQL: connections of ${environment.database.connectionsMax}`,
      left: [ofDatabase('DatabaseConnections', 'connections')],
    },
    { title: 'Redis: memory', left: memory, unit: '%' },
  ]
}
