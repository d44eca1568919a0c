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

/** Topics for people: operators are subscribed to them by mail. */
const forOperators: readonly TopicName[] = ['ops-alerts', 'saga-compensation-failed']

/** Messaging: topics, queues with dead-letter queues and subscriptions, all from the topology; and mail. */
export class MessagingStack extends Stack {
  readonly key: kms.Key
  readonly topics: Readonly<Record<TopicName, sns.Topic>>
  readonly queues: Readonly<Record<QueueName, MessageQueue>>
  private readonly mailConfigurationSet: ses.ConfigurationSet

  constructor(scope: Construct, id: string, { environment, settings, ...props }: MessagingProps) {
    super(scope, id, props)
    // SES publishes delivery feedback; SNS is added with each subscription.
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

  /**
   * Adds the SES configuration set: mails require TLS, and delivery feedback goes to the notification
   * service.
   */
  private createConfigurationSet(environment: EnvironmentDefinition): ses.ConfigurationSet {
    const set = new ses.ConfigurationSet(this, 'Mails', {
      configurationSetName: mailConfigurationSetOf(environment.name),
      tlsPolicy: ses.ConfigurationSetTlsPolicy.REQUIRE,
      reputationMetrics: true,
      // The service keeps its own suppression list, which knows the exceptions.
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
   * Adds the mail domain with its DKIM and DMARC records, in Route 53 if the domain is hosted there. Without
   * a domain, the deployment has SES verify the sender address, which may already be verified.
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
      // The record names are known to CloudFormation only, and are used as they are.
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
