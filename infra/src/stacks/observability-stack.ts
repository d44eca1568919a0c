import {
  aws_budgets as budgets,
  aws_events as events,
  aws_events_targets as eventTargets,
  aws_iam as iam,
  Stack,
  type StackProps,
  aws_sns as sns,
  aws_sns_subscriptions as subscriptions,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Alarms, runbookOf } from '../constructs/alarms.ts'
import { addDashboard } from '../constructs/dashboard.ts'
import { createKey } from '../constructs/encryption-key.ts'
import {
  watchMails,
  watchMessages,
  watchProjection,
  watchPurchases,
  watchRequests,
  watchStores,
} from '../constructs/watches.ts'
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

/** Monitoring for operators: alarms, the dashboard, the budget. */
export class ObservabilityStack extends Stack {
  readonly alarms: Alarms

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id, props)
    const { environment, settings } = props
    const topic = this.createTopic(environment, settings)
    this.alarms = new Alarms(this, environment.name, topic)
    watchMessages(this.alarms, environment)
    watchRequests(this.alarms, environment, props.edge)
    watchPurchases(this.alarms, environment)
    watchStores(this.alarms, environment, props.data)
    watchMails(this.alarms)
    watchProjection(this.alarms)
    this.watchDeployments(props.network, topic)
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

  /** Notifies operators when ECS rolls a deployment back. */
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
            `A deployment of ${events.EventField.fromPath('$.resources[0]')} was rolled back: ` +
              `${events.EventField.fromPath('$.detail.reason')}. What to do: ` +
              `${runbookOf('deployment-failed')}`,
          ),
        }),
      ],
    })
  }

  private createBudget({ name, budgetUsd }: EnvironmentDefinition, { operators }: Settings): void {
    const notify = (threshold: number, notificationType: 'ACTUAL' | 'FORECASTED') => ({
      notification: {
        comparisonOperator: 'GREATER_THAN',
        notificationType,
        threshold,
        thresholdType: 'PERCENTAGE',
      },
      subscribers: operators ? [{ subscriptionType: 'EMAIL', address: operators }] : [],
    })
    new budgets.CfnBudget(this, 'Budget', {
      budget: {
        budgetName: `boxoffice-${name}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: budgetUsd, unit: 'USD' },
      },
      // AWS rejects a notification without subscribers.
      ...(operators && { notificationsWithSubscribers: [notify(80, 'ACTUAL'), notify(100, 'FORECASTED')] }),
    })
  }
}
