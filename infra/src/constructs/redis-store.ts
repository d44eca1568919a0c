import {
  aws_ec2 as ec2,
  aws_elasticache as elasticache,
  type aws_kms as kms,
  aws_logs as logs,
  RemovalPolicy,
  aws_secretsmanager as secrets,
} from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../environments.ts'
import { acknowledge } from '../nag.ts'
import { idOf, prefixOf } from '../names.ts'

/** What Redis does when its memory is full: reject writes, or evict the least recently used keys. */
export type RedisPolicy = 'noeviction' | 'allkeys-lru'

interface RedisStoreProps {
  name: 'holds' | 'cache'
  policy: RedisPolicy
  environment: EnvironmentDefinition
  vpc: ec2.IVpc
  group: ec2.ISecurityGroup
  key: kms.IKey
}

/**
 * A Valkey store on dedicated nodes, with TLS and a generated password; in prod with replicas in other zones
 * for failover.
 */
export class RedisStore extends Construct {
  readonly password: secrets.Secret
  readonly host: string
  /** Ids of the nodes, as used in CloudWatch dimensions. */
  readonly nodeIds: readonly string[]

  constructor(scope: Construct, props: RedisStoreProps) {
    super(scope, idOf(props.name))
    const { name, environment } = props
    const { replicas } = environment.redis
    this.password = this.createPassword(props)
    const groupId = `${prefixOf(environment.name)}${name}`
    const redis = this.createReplicationGroup(groupId, props)
    acknowledge(
      redis,
      'AwsSolutions-AEC5',
      'the standard port: reachable for our services alone, over TLS, with a password',
    )
    if (replicas === 0)
      acknowledge(
        redis,
        'AwsSolutions-AEC4',
        'dev is small: what is lost with its one node is drawn anew from PostgreSQL',
      )
    this.host = redis.attrPrimaryEndPointAddress
    this.nodeIds = Array.from({ length: replicas + 1 }, (_, index) => `${groupId}-00${index + 1}`)
  }

  private createPassword({ name, environment, key }: RedisStoreProps): secrets.Secret {
    const password = new secrets.Secret(this, 'Password', {
      secretName: `boxoffice/${environment.name}/redis-${name}`,
      description: `password of the Redis of ${name}`,
      encryptionKey: key,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    })
    acknowledge(
      password,
      'AwsSolutions-SMG4',
      'AWS rotates no AUTH token of ElastiCache by itself; docs/runbooks/replace-a-key.md says how to, ' +
        'with both tokens valid meanwhile',
    )
    return password
  }

  private createReplicationGroup(
    groupId: string,
    { name, policy, environment, vpc, group, key }: RedisStoreProps,
  ): elasticache.CfnReplicationGroup {
    const { replicas } = environment.redis
    const subnets = new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: `Redis of ${name}`,
      subnetIds: vpc.selectSubnets({ subnetType: ec2.SubnetType.PRIVATE_ISOLATED }).subnetIds,
    })
    const parameters = new elasticache.CfnParameterGroup(this, 'Parameters', {
      cacheParameterGroupFamily: 'valkey8',
      description: `Redis of ${name}: ${policy}`,
      properties: { 'maxmemory-policy': policy },
    })
    const slowLog = new logs.LogGroup(this, 'SlowLog', {
      logGroupName: `/boxoffice/${environment.name}/redis-${name}`,
      retention: environment.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    return new elasticache.CfnReplicationGroup(this, 'Group', {
      replicationGroupId: groupId,
      replicationGroupDescription: `Boxoffice ${environment.name}: ${name}`,
      engine: 'valkey',
      engineVersion: '8.0',
      cacheNodeType: name === 'holds' ? environment.redis.holdsNode : environment.redis.cacheNode,
      numNodeGroups: 1,
      replicasPerNodeGroup: replicas,
      automaticFailoverEnabled: replicas > 0,
      multiAzEnabled: replicas > 0,
      cacheSubnetGroupName: subnets.ref,
      cacheParameterGroupName: parameters.ref,
      securityGroupIds: [group.securityGroupId],
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      atRestEncryptionEnabled: true,
      kmsKeyId: key.keyArn,
      // a reference that CloudFormation resolves: no value in the template
      authToken: this.password.secretValue.unsafeUnwrap(),
      autoMinorVersionUpgrade: true,
      preferredMaintenanceWindow: 'tue:05:30-tue:06:30',
      snapshotRetentionLimit: 0, // PostgreSQL has the truth: what is lost here is drawn anew
      logDeliveryConfigurations: [
        {
          logType: 'slow-log',
          logFormat: 'json',
          destinationType: 'cloudwatch-logs',
          destinationDetails: { cloudWatchLogsDetails: { logGroup: slowLog.logGroupName } },
        },
      ],
    })
  }
}
