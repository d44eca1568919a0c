import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import {
  CfnOutput,
  Duration,
  aws_ec2 as ec2,
  type aws_kms as kms,
  aws_logs as logs,
  RemovalPolicy,
  aws_rds as rds,
  Stack,
  type StackProps,
  aws_secretsmanager as secrets,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { createDeadLetterArchive } from '../constructs/dead-letter-archive.ts'
import { createKey, removalOf } from '../constructs/encryption-key.ts'
import { ADMIN, OperationsTasks } from '../constructs/operations-tasks.ts'
import { type RedisPolicy, RedisStore } from '../constructs/redis-store.ts'
import type { EnvironmentDefinition } from '../environments.ts'
import { acknowledge } from '../nag.ts'
import { prefixOf } from '../names.ts'
import type { Settings } from '../settings.ts'
import type { MessagingStack } from './messaging-stack.ts'
import type { NetworkStack } from './network-stack.ts'

interface DataProps extends StackProps {
  environment: EnvironmentDefinition
  settings: Settings
  network: NetworkStack
  messaging: MessagingStack
}

/**
 * Stores and secrets: PostgreSQL, Redis, archived dead letters, keys, and the tasks for migrations and
 * operators' commands.
 */
export class DataStack extends Stack {
  readonly key: kms.Key
  readonly database: rds.DatabaseCluster
  readonly holds: RedisStore
  readonly cache: RedisStore
  /**
   * The secret of each service and of the operators' command line: a JSON object of values by variable name.
   */
  readonly secrets: Readonly<Record<ServiceKey | 'operations', secrets.Secret>>
  readonly operations: OperationsTasks

  constructor(
    scope: Construct,
    id: string,
    { environment, settings, network, messaging, ...props }: DataProps,
  ) {
    super(scope, id, props)
    this.key = createKey(this, 'Key', {
      environment,
      description: 'databases, Redis and secrets',
    })
    this.database = this.createDatabase(environment, settings, network)
    const redis = (name: 'holds' | 'cache', policy: RedisPolicy) =>
      new RedisStore(this, {
        name,
        policy,
        environment,
        vpc: network.vpc,
        group: network.groups[name],
        key: this.key,
      })
    this.holds = redis('holds', 'noeviction')
    this.cache = redis('cache', 'allkeys-lru')
    this.secrets = Object.fromEntries(
      [...serviceKeys, 'operations' as const].map((key) => [key, this.createSecret(environment, key)]),
    ) as typeof this.secrets
    const deadLetterArchive = createDeadLetterArchive(this, messaging.key)
    new CfnOutput(this, 'DeadLetterBucket', { value: deadLetterArchive.bucketName })
    this.operations = new OperationsTasks(this, {
      environment,
      database: this.database,
      secret: this.secrets.operations,
      messagesKey: messaging.key,
      deadLetterArchive,
    })
  }

  /**
   * Creates the cluster; the migrations create a database and a role for each service. Roles sign in with
   * short-lived IAM tokens: the only password is the administrator's, which RDS keeps in Secrets Manager and
   * rotates weekly.
   */
  private createDatabase(
    environment: EnvironmentDefinition,
    settings: Settings,
    network: NetworkStack,
  ): rds.DatabaseCluster {
    const { capacityMin, capacityMax, readers, backupDays, connectionsMax } = environment.database
    const engine = rds.DatabaseClusterEngine.auroraPostgres({
      version: rds.AuroraPostgresEngineVersion.of(settings.postgres, '17'),
    })
    const instance: rds.ServerlessV2ClusterInstanceProps = {
      publiclyAccessible: false,
      autoMinorVersionUpgrade: false, // the template says which: the setting `postgres`
      ...(environment.keepsData && {
        enablePerformanceInsights: true,
        performanceInsightEncryptionKey: this.key,
      }),
    }
    const clusterIdentifier = `${prefixOf(environment.name)}database`
    // RDS would create it without a retention limit.
    const log = new logs.LogGroup(this, 'DatabaseLog', {
      logGroupName: `/aws/rds/cluster/${clusterIdentifier}/postgresql`,
      retention: environment.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const cluster = new rds.DatabaseCluster(this, 'Database', {
      engine,
      clusterIdentifier,
      credentials: rds.Credentials.fromUsername(ADMIN, { encryptionKey: this.key }),
      manageMasterUserPassword: true,
      writer: rds.ClusterInstance.serverlessV2('Writer', instance),
      readers: Array.from({ length: readers }, (_, index) =>
        rds.ClusterInstance.serverlessV2(`Reader${index + 1}`, { ...instance, scaleWithWriter: true }),
      ),
      serverlessV2MinCapacity: capacityMin,
      serverlessV2MaxCapacity: capacityMax,
      vpc: network.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      securityGroups: [network.groups.database],
      parameterGroup: new rds.ParameterGroup(this, 'Parameters', {
        engine,
        description: 'TLS only, slow statements in the log',
        parameters: {
          'rds.force_ssl': '1',
          max_connections: String(connectionsMax),
          log_min_duration_statement: '1000',
          // Statement parameters contain names and addresses: they are logged neither for slow nor for failed
          // statements, nor in error details.
          log_parameter_max_length: '0',
          log_parameter_max_length_on_error: '0',
          log_error_verbosity: 'terse',
          log_lock_waits: '1',
        },
      }),
      iamAuthentication: true,
      storageEncrypted: true,
      storageEncryptionKey: this.key,
      copyTagsToSnapshot: true,
      backup: { retention: Duration.days(backupDays), preferredWindow: '03:00-04:00' },
      preferredMaintenanceWindow: 'tue:04:30-tue:05:30',
      deletionProtection: environment.keepsData,
      removalPolicy: environment.keepsData ? RemovalPolicy.SNAPSHOT : RemovalPolicy.DESTROY,
      cloudwatchLogsExports: ['postgresql'],
      monitoringInterval: Duration.seconds(60),
    })
    cluster.node.addDependency(log)
    if (!environment.keepsData) acknowledge(cluster, 'AwsSolutions-RDS10', 'dev goes with its stacks')
    acknowledge(
      cluster,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/' +
        'service-role/AmazonRDSEnhancedMonitoringRole]',
      'the policy that AWS keeps for exactly this: RDS writes its measurements to CloudWatch',
    )
    return cluster
  }

  private createSecret(environment: EnvironmentDefinition, owner: ServiceKey | 'operations'): secrets.Secret {
    const secret = new secrets.Secret(this, `${owner}Secret`, {
      secretName: `boxoffice/${environment.name}/${owner}`,
      description: `keys of ${owner} by variable name; the deployment creates missing ones`,
      encryptionKey: this.key,
      generateSecretString: { secretStringTemplate: '{}', generateStringKey: 'unused' },
      removalPolicy: removalOf(environment),
    })
    acknowledge(
      secret,
      'AwsSolutions-SMG4',
      'signing keys and the gateway’s key: AWS offers no rotation of them; ' +
        'docs/runbooks/replace-a-key.md says how it is done without an interruption',
    )
    return secret
  }
}
