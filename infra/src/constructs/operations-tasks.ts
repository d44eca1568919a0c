import { serviceKeys } from '@boxoffice/contracts'
import {
  aws_ecs as ecs,
  type aws_kms as kms,
  aws_logs as logs,
  RemovalPolicy,
  type aws_rds as rds,
  Stack,
  type aws_s3 as s3,
  type aws_secretsmanager as secrets,
} from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../environments.ts'
import { acknowledge } from '../nag.ts'
import { idOf, prefixOf, urlOf } from '../names.ts'
import { imageOf } from './images.ts'
import { permitArchiving, permitDeadLetters } from './permissions.ts'

interface OperationsTasksProps {
  environment: EnvironmentDefinition
  database: rds.DatabaseCluster
  secret: secrets.ISecret
  messagesKey: kms.IKey
  deadLetterArchive: s3.Bucket
}

export const ADMIN = 'boxoffice_admin'

/**
 * The command line `boxoffice` as one-off tasks: one for operators (`dlq`, `status`, `users`), and one that
 * runs migrations before the services are deployed. Only the latter can sign in as the PostgreSQL
 * administrator.
 */
export class OperationsTasks extends Construct {
  readonly operations: ecs.FargateTaskDefinition
  readonly migrations: ecs.FargateTaskDefinition
  private readonly props: OperationsTasksProps
  private readonly log: logs.LogGroup

  constructor(scope: Construct, props: OperationsTasksProps) {
    super(scope, 'Operations')
    this.props = props
    const { environment, database, secret, messagesKey, deadLetterArchive } = props
    const { region, account } = Stack.of(this)
    this.log = new logs.LogGroup(this, 'Log', {
      logGroupName: `/boxoffice/${environment.name}/operations`,
      retention: environment.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const image = imageOf(this, 'ops')
    this.operations = this.define('operations', image, {
      command: ['status'],
      environment: {
        AWS_REGION: region,
        AWS_ACCOUNT_ID: account,
        MESSAGING_PREFIX: prefixOf(environment.name),
        DEAD_LETTER_BUCKET: deadLetterArchive.bucketName,
        ...Object.fromEntries(serviceKeys.map((key) => [`${key.toUpperCase()}_URL`, urlOf(key)])),
      },
      secrets: { SERVICE_PRIVATE_KEY: ecs.Secret.fromSecretsManager(secret, 'SERVICE_PRIVATE_KEY') },
    })
    permitDeadLetters(this.operations.taskRole, environment.name, messagesKey)
    permitArchiving(this.operations.taskRole, deadLetterArchive)
    const { secret: administrator } = database
    if (!administrator) throw new Error('the database has no administrator’s secret')
    this.migrations = this.define('migrations', image, {
      command: ['migrate'],
      environment: {
        AWS_REGION: region,
        DATABASE_ADMIN_URL: `postgres://${ADMIN}@${database.clusterEndpoint.hostname}:5432/postgres`,
        DATABASE_LOGIN: 'iam',
      },
      secrets: { DATABASE_ADMIN_PASSWORD: ecs.Secret.fromSecretsManager(administrator, 'password') },
    })
    database.grantConnect(this.migrations.taskRole, ADMIN)
  }

  private define(
    name: 'operations' | 'migrations',
    image: ecs.ContainerImage,
    container: Pick<ecs.ContainerDefinitionOptions, 'command' | 'environment' | 'secrets'>,
  ): ecs.FargateTaskDefinition {
    const definition = new ecs.FargateTaskDefinition(this, idOf(name), {
      family: `boxoffice-${this.props.environment.name}-${name}`,
      cpu: 256,
      memoryLimitMiB: 512,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    })
    definition.addContainer('boxoffice', {
      containerName: 'boxoffice',
      image,
      ...container,
      environment: { NODE_ENV: 'production', ...container.environment },
      readonlyRootFilesystem: true,
      linuxParameters: new ecs.LinuxParameters(this, `${idOf(name)}Linux`, { initProcessEnabled: true }),
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: name, logGroup: this.log }),
    })
    acknowledge(
      definition,
      'AwsSolutions-ECS2',
      'what is secret comes from Secrets Manager; the rest is addresses',
    )
    acknowledge(
      definition,
      'AwsSolutions-IAM5[Resource::*]',
      'signing in to ECR: an action that supports no resource',
    )
    return definition
  }
}
