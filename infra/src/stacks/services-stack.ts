import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import {
  aws_ecs as ecs,
  aws_kms as kms,
  aws_logs as logs,
  RemovalPolicy,
  Stack,
  type StackProps,
  aws_secretsmanager as secrets,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import {
  permitLookingIntoDeadLetters,
  permitMails,
  permitMessaging,
  permitTextMessages,
  queuesOf,
} from '../constructs/permissions.ts'
import { PlatformService } from '../constructs/platform-service.ts'
import type { EnvironmentDefinition } from '../environments.ts'
import { mailConfigurationSetOf, prefixOf } from '../names.ts'
import { environmentOf, redisPasswordsOf, secretsOf } from '../service-environment.ts'
import { type Settings, senderOf } from '../settings.ts'
import type { DataStack } from './data-stack.ts'
import type { EdgeStack } from './edge-stack.ts'
import type { MessagingStack } from './messaging-stack.ts'
import type { NetworkStack } from './network-stack.ts'

interface ServicesProps extends StackProps {
  environment: EnvironmentDefinition
  settings: Settings
  network: NetworkStack
  data: DataStack
  messaging: MessagingStack
  edge: EdgeStack
}

/** The six services, each with only the permissions it needs. */
export class ServicesStack extends Stack {
  readonly services: Readonly<Record<ServiceKey, PlatformService>>
  private readonly props: ServicesProps
  private readonly dataKey: kms.IKey

  constructor(scope: Construct, id: string, props: ServicesProps) {
    super(scope, id, props)
    this.props = props
    this.dataKey = kms.Key.fromKeyArn(this, 'DataKey', props.data.key.keyArn)
    const metricsLog = new logs.LogGroup(this, 'MetricsLog', {
      logGroupName: `/boxoffice/${props.environment.name}/metrics`,
      retention: logs.RetentionDays.ONE_DAY, // CloudWatch keeps what it makes of them
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.services = Object.fromEntries(
      serviceKeys.map((key) => [key, this.createService(key, metricsLog)]),
    ) as typeof this.services
  }

  private createService(key: ServiceKey, metricsLog: logs.ILogGroup): PlatformService {
    const { environment, settings, network, data, messaging, edge } = this.props
    const made = new PlatformService(this, {
      service: key,
      environment,
      cluster: network.cluster,
      namespace: network.namespace,
      group: network.groups.services[key],
      targetGroup: edge.targetGroups[key],
      variables: this.variablesOf(key),
      secrets: this.secretVariablesOf(key),
      metricsLog,
      consumes: queuesOf(key).map((name) => messaging.queues[name].queue),
    })
    const role = made.taskDefinition.taskRole
    // The secrets and their key are imported, so the permission to decrypt is granted here.
    this.dataKey.grantDecrypt(made.taskDefinition.obtainExecutionRole())
    data.database.grantConnect(role, key)
    permitMessaging(role, key, environment.name, messaging.key)
    if (key === 'notifications') {
      const configurationSet = this.formatArn({
        service: 'ses',
        resource: 'configuration-set',
        resourceName: mailConfigurationSetOf(environment.name),
      })
      permitMails(role, { from: senderOf(settings), configurationSet })
      permitTextMessages(role)
      permitLookingIntoDeadLetters(role, environment.name)
    }
    return made
  }

  private variablesOf(key: ServiceKey): Record<string, string> {
    const { environment, settings, network, data, edge } = this.props
    return environmentOf(key, {
      region: this.region,
      account: this.account,
      publicUrl: edge.url,
      databaseHost: data.database.clusterEndpoint.hostname,
      databasePoolSize: environment.services[key].databasePoolSize,
      holdsHost: data.holds.host,
      cacheHost: data.cache.host,
      messagingPrefix: prefixOf(environment.name),
      proxies: network.vpc.publicSubnets.map((subnet) => subnet.ipv4CidrBlock),
      from: senderOf(settings),
      replyTo: settings.replyTo,
      templatesDir: settings.templatesDir,
      smsSender: settings.smsSender,
      mailConfigurationSet: mailConfigurationSetOf(environment.name),
      traceRatio: environment.traceRatio,
      orderQueue: environment.orderQueue,
    })
  }

  private secretVariablesOf(key: ServiceKey): Record<string, ecs.Secret> {
    const { data } = this.props
    const own = this.imported(`${key}Secret`, data.secrets[key])
    const passwords = { REDIS_PASSWORD: data.holds.password, CACHE_REDIS_PASSWORD: data.cache.password }
    return Object.fromEntries([
      ...secretsOf(key).map((name) => [name, ecs.Secret.fromSecretsManager(own, name)]),
      ...redisPasswordsOf(key).map((name) => [
        name,
        ecs.Secret.fromSecretsManager(this.imported(`${key}${name}`, passwords[name])),
      ]),
    ])
  }

  /**
   * Imports a secret by ARN, so that read permissions belong to the reader and the data stack does not depend
   * on this one.
   */
  private imported(id: string, secret: secrets.ISecret): secrets.ISecret {
    return secrets.Secret.fromSecretAttributes(this, id, {
      secretCompleteArn: secret.secretArn,
      encryptionKey: this.dataKey,
    })
  }
}
