import {
  aws_cloudwatch_actions as actions,
  aws_cloudwatch as cloudwatch,
  Duration,
  type aws_sns as sns,
} from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { EnvironmentName } from '../environments.ts'

/** The kinds of alarms. Each has a runbook: `docs/runbooks/<kind>.md`. */
export const alarmKinds = {
  'dead-letters': 'A message could not be handled and waits in a dead-letter queue.',
  'messages-wait': 'Messages wait too long in a queue.',
  'outbox-stuck': 'Committed messages do not reach SNS.',
  'server-errors': 'Requests are answered with 5xx.',
  'slow-answers': 'One request in a hundred takes too long.',
  'no-healthy-tasks': 'A service has too few healthy tasks.',
  'saga-unknown': 'It is not known whether a card was charged.',
  'tickets-late': 'Buyers have paid and have no tickets.',
  'orders-wait': 'Orders accepted for later do not start.',
  'compensation-failed': 'A refund or a release of places fails.',
  'breaker-open': 'A service has stopped calling a dependency.',
  'redis-full': 'Redis runs out of memory or CPU, or evicts keys that it must keep.',
  'redis-down': 'The ticket service has no connection to Redis and can hold fewer tickets at once.',
  'database-busy': 'PostgreSQL is close to one of its limits.',
  'projection-behind': 'Organizers see outdated sales figures.',
  'mails-wait': 'Mails are late.',
  'mails-bounce': 'Mail providers reject our mails, or readers complain.',
  'certificate-expires': "The load balancer's certificate expires soon.",
} as const
export type AlarmKind = keyof typeof alarmKinds

export const runbookOf = (kind: AlarmKind | 'deployment-failed' | 'budget') => `docs/runbooks/${kind}.md`

interface AlarmOptions {
  /** Distinguishes alarms of one kind; part of the alarm's name. */
  about: string
  metric: cloudwatch.IMetric
  /** The threshold; exceeding it is a breach unless `comparison` says otherwise. */
  limit: number
  /** Breaching periods that raise the alarm: consecutive ones, or out of the last `ofPeriods`. */
  periods?: number
  ofPeriods?: number
  /** Whether missing data is a breach. */
  missingIsBad?: boolean
  comparison?: cloudwatch.ComparisonOperator
}

/** Alarms that all notify one topic; each names its runbook. */
export class Alarms extends Construct {
  readonly all: cloudwatch.Alarm[] = []
  private readonly environment: EnvironmentName
  private readonly action: actions.SnsAction

  constructor(scope: Construct, environment: EnvironmentName, topic: sns.ITopic) {
    super(scope, 'Alarms')
    this.environment = environment
    this.action = new actions.SnsAction(topic)
  }

  add(kind: AlarmKind, options: AlarmOptions): void {
    const { about, metric, limit, periods = 1, ofPeriods = periods, missingIsBad = false } = options
    const alarm = new cloudwatch.Alarm(this, `${kind}-${about}`, {
      alarmName: `boxoffice-${this.environment}-${kind}-${about}`,
      alarmDescription: `${alarmKinds[kind]} What to do: ${runbookOf(kind)}`,
      metric,
      threshold: limit,
      comparisonOperator: options.comparison ?? cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: ofPeriods,
      datapointsToAlarm: periods,
      treatMissingData: missingIsBad
        ? cloudwatch.TreatMissingData.BREACHING
        : cloudwatch.TreatMissingData.NOT_BREACHING,
    })
    alarm.addAlarmAction(this.action)
    alarm.addOkAction(this.action)
    this.all.push(alarm)
  }
}

export const MINUTE = Duration.minutes(1)
export const FIVE_MINUTES = Duration.minutes(5)
