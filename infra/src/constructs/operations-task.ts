import { serviceKeys } from '@boxoffice/contracts'
import {
  aws_ecs as ecs,
  type aws_kms as kms,
  aws_logs as logs,
  RemovalPolicy,
  type aws_rds as rds,
  Stack,
  type aws_secretsmanager as secrets,
} from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../environments.ts'
import { acknowledge } from '../nag.ts'
import { prefixOf, urlOf } from '../names.ts'
import { imageOf } from './images.ts'
import { permitDeadLetters } from './permissions.ts'

interface OperationsTaskProps {
  environment: EnvironmentDefinition
  database: rds.DatabaseCluster
  secret: secrets.ISecret
  messagesKey: kms.IKey
}

export const ADMIN = 'boxoffice_admin'

/**
 * The command line `boxoffice` as a task that runs once and ends: `migrate` before services roll, `dlq`, `status` and `users`
 * whenever an operator says so. Alone among all tasks it can sign in as the administrator of PostgreSQL.
 */
export class OperationsTask extends Construct {
  readonly definition: ecs.FargateTaskDefinition

  constructor(scope: Construct, { environment, database, secret, messagesKey }: OperationsTaskProps) {
    super(scope, 'Operations')
    const { region, account } = Stack.of(this)
    const adminPassword = database.secret
    if (!adminPassword) throw new Error('the database has no administrator’s secret')
    this.definition = new ecs.FargateTaskDefinition(this, 'Task', {
      family: `boxoffice-${environment.name}-operations`,
      cpu: 256,
      memoryLimitMiB: 512,
      runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.ARM64, operatingSystemFamily: ecs.OperatingSystemFamily.LINUX },
    })
    this.definition.addContainer('boxoffice', {
      containerName: 'boxoffice',
      image: imageOf(this, 'ops'),
      command: ['status'],
      environment: {
        NODE_ENV: 'production',
        DATABASE_ADMIN_URL: `postgres://${ADMIN}@${database.clusterEndpoint.hostname}:5432/postgres`,
        DATABASE_LOGIN: 'iam',
        AWS_REGION: region,
        AWS_ACCOUNT_ID: account,
        MESSAGING_PREFIX: prefixOf(environment.name),
        ...Object.fromEntries(serviceKeys.map((key) => [`${key.toUpperCase()}_URL`, urlOf(key)])),
      },
      secrets: {
        DATABASE_ADMIN_PASSWORD: ecs.Secret.fromSecretsManager(adminPassword, 'password'),
        SERVICE_PRIVATE_KEY: ecs.Secret.fromSecretsManager(secret, 'SERVICE_PRIVATE_KEY'),
      },
      readonlyRootFilesystem: true,
      linuxParameters: new ecs.LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      logging: ecs.LogDrivers.awsLogs({
        streamPrefix: 'operations',
        logGroup: new logs.LogGroup(this, 'Log', {
          logGroupName: `/boxoffice/${environment.name}/operations`,
          retention: environment.logDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      }),
    })
    permitDeadLetters(this.definition.taskRole, environment.name, messagesKey)
    acknowledge(this.definition, 'AwsSolutions-ECS2', 'what is secret comes from Secrets Manager; the rest is addresses')
    acknowledge(this.definition, 'AwsSolutions-IAM5[Resource::*]', 'signing in to ECR: an action that supports no resource')
  }
}
