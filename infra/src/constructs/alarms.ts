import {
  aws_cloudwatch_actions as actions,
  aws_cloudwatch as cloudwatch,
  Duration,
  type aws_sns as sns,
} from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { EnvironmentName } from '../environments.ts'

/** What an alarm can be about. Each has a page of what to do: `docs/runbooks/<kind>.md`. */
export const alarmKinds = {
  'dead-letters': 'A message could not be taken in and waits for a person.',
  'messages-wait': 'Messages wait longer than anybody would.',
  'outbox-stuck': 'Messages that were committed do not reach SNS.',
  'server-errors': 'Requests are answered 5xx.',
  'slow-answers': 'One request in a hundred takes too long.',
  'no-healthy-tasks': 'A service has too few tasks that can answer.',
  'saga-unknown': 'Nobody knows yet whether a card was charged.',
  'tickets-late': 'People have paid and have no tickets.',
  'orders-wait': 'Orders that were accepted for later do not begin.',
  'compensation-failed': 'Money or places could not be given back.',
  'breaker-open': 'A service has stopped calling something it needs.',
  'redis-full': 'Redis is running out of memory or processor, or drops what it must keep.',
  'redis-away': 'Tickets are held without Redis: fewer at once.',
  'database-busy': 'PostgreSQL is close to one of its limits.',
  'projection-behind': 'What organizers read is not what is sold.',
  'mails-wait': 'Mails stay behind.',
  'mails-bounce': 'Mail providers turn our mails away, or people complain.',
  'certificate-expires': 'The certificate of the load balancer ends soon.',
} as const
export type AlarmKind = keyof typeof alarmKinds

export const runbookOf = (kind: AlarmKind | 'deployment-failed' | 'budget') => `docs/runbooks/${kind}.md`

interface AlarmOptions {
  /** Tells alarms of one kind apart; also in its name. */
  about: string
  metric: cloudwatch.IMetric
  /** The threshold; below it where the comparison says so. */
  limit: number
  /** How many periods of the metric in a row; of how many, where some may be quiet. */
  periods?: number
  ofPeriods?: number
  /** Whether silence is a breach too. */
  missingIsBad?: boolean
  comparison?: cloudwatch.ComparisonOperator
}

/** Alarms by what they are about, all to one topic, each with the page that says what to do. */
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
