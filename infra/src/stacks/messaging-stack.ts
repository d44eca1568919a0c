import { isFifo, type QueueName, queueNames, type TopicName, topics } from '@boxoffice/contracts'
import {
  type aws_kms as kms,
  aws_route53 as route53,
  Stack,
  type StackProps,
  aws_ses as ses,
  aws_sns as sns,
  aws_sns_subscriptions as subscriptions,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { createKey, removalOf } from '../constructs/encryption-key.ts'
import { MessageQueue } from '../constructs/message-queue.ts'
import type { EnvironmentDefinition } from '../environments.ts'
import { idOf, mailConfigurationSetOf, prefixOf } from '../names.ts'
import type { Settings } from '../settings.ts'

interface MessagingProps extends StackProps {
  environment: EnvironmentDefinition
  settings: Settings
}

/** Those that people read: whoever operates is subscribed to them by mail. */
const forOperators: readonly TopicName[] = ['ops-alerts', 'saga-compensation-failed']

/**
 * Everything that travels: topics, queues with their dead letters and subscriptions, all as the topology
 * says, and mail.
 */
export class MessagingStack extends Stack {
  readonly key: kms.Key
  readonly topics: Readonly<Record<TopicName, sns.Topic>>
  readonly queues: Readonly<Record<QueueName, MessageQueue>>
  private readonly mailConfigurationSet: ses.ConfigurationSet

  constructor(scope: Construct, id: string, { environment, settings, ...props }: MessagingProps) {
    super(scope, id, props)
    // SES publishes what became of mails; SNS is added with each subscription.
    this.key = createKey(this, 'Key', {
      environment,
      description: 'messages',
      principals: ['ses.amazonaws.com'],
    })
    const topicOf = (name: TopicName) =>
      new sns.Topic(this, `${idOf(name)}Topic`, {
        topicName: prefixOf(environment.name) + name,
        ...(isFifo(name) && { fifo: true, contentBasedDeduplication: false }),
        masterKey: this.key,
        enforceSSL: true,
      })
    this.topics = Object.fromEntries(topics.map((name) => [name, topicOf(name)])) as typeof this.topics
    this.queues = Object.fromEntries(
      queueNames.map((name) => [
        name,
        new MessageQueue(this, { environment, name, topics: this.topics, key: this.key }),
      ]),
    ) as typeof this.queues
    if (settings.operators) {
      for (const topic of forOperators)
        this.topics[topic].addSubscription(new subscriptions.EmailSubscription(settings.operators))
    }
    this.mailConfigurationSet = this.createConfigurationSet(environment)
    this.createIdentity(environment, settings)
  }

  /** Mails go over TLS alone, and what becomes of them is told to the notification service. */
  private createConfigurationSet(environment: EnvironmentDefinition): ses.ConfigurationSet {
    const set = new ses.ConfigurationSet(this, 'Mails', {
      configurationSetName: mailConfigurationSetOf(environment.name),
      tlsPolicy: ses.ConfigurationSetTlsPolicy.REQUIRE,
      reputationMetrics: true,
      // The service keeps its own list, which knows what must be sent nevertheless.
      disableSuppressionList: true,
    })
    const { BOUNCE, COMPLAINT, REJECT, DELIVERY_DELAY } = ses.EmailSendingEvent
    set.addEventDestination('Feedback', {
      destination: ses.EventDestination.snsTopic(this.topics['mail-feedback']),
      events: [BOUNCE, COMPLAINT, REJECT, DELIVERY_DELAY],
    })
    return set
  }

  /**
   * The domain, with its keys and what mail providers are to do with mails that lack them, in Route 53 where
   * the domain is there. Without a domain the one address that we write from is asked to confirm itself by
   * the deployment: it may be known already.
   */
  private createIdentity(environment: EnvironmentDefinition, { domain, zone, zoneName }: Settings): void {
    if (!domain) return
    const identity = new ses.EmailIdentity(this, 'Sender', {
      identity: ses.Identity.domain(domain),
      configurationSet: this.mailConfigurationSet,
    })
    identity.applyRemovalPolicy(removalOf(environment))
    if (!zone) return
    const inZone = route53.PublicHostedZone.fromHostedZoneAttributes(this, 'Zone', {
      hostedZoneId: zone,
      zoneName: zoneName ?? domain,
    })
    for (const [index, { name, value }] of identity.dkimRecords.entries()) {
      // By name: they are known to CloudFormation alone, and stand as they are.
      new route53.CfnRecordSet(this, `Dkim${index + 1}`, {
        hostedZoneId: zone,
        name,
        type: 'CNAME',
        ttl: '1800',
        resourceRecords: [value],
      })
    }
    new route53.TxtRecord(this, 'Dmarc', {
      zone: inZone,
      recordName: `_dmarc.${domain}.`,
      values: ['v=DMARC1; p=quarantine'],
    })
  }
}
