import { ACMClient, ImportCertificateCommand } from '@aws-sdk/client-acm'
import {
  CloudFormationClient,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation'
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { DescribeTasksCommand, ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs'
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException as SecretNotFound,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import {
  GetIdentityVerificationAttributesCommand,
  SESClient,
  VerifyEmailIdentityCommand,
} from '@aws-sdk/client-ses'
import { GetParameterCommand, ParameterNotFound, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'

/** A task that ran once: what it said since the last look, and its exit code when it has ended. */
export interface TaskState {
  lines: string[]
  exitCode: number | null
  /** Why it did not start or was stopped, where AWS says so. */
  reason?: string
}

/** What the command line asks of AWS, in one account and region. Everything else is CloudFormation's. */
export interface Cloud {
  /** The account whose credentials these are. */
  account(): Promise<string>
  /** Outputs of a stack by name; null when there is no such stack. */
  findOutputs(stack: string): Promise<Record<string, string> | null>
  findParameter(name: string): Promise<string | null>
  putParameter(name: string, value: string): Promise<void>
  /** A secret's JSON; null when there is no such secret. */
  findSecret(name: string): Promise<Record<string, string> | null>
  putSecret(name: string, value: Record<string, string>): Promise<void>
  /**
   * Make sure that mails may come from an address: where they may not yet, SES mails it a link. Answers
   * whether they may.
   */
  verifySender(address: string): Promise<boolean>
  /** Refuse to delete a stack from now on. */
  protectStack(stack: string): Promise<void>
  /** Its ARN. */
  importCertificate(pem: { certificate: string; privateKey: string }): Promise<string>
  /** Start a task that runs once; its id. */
  runTask(task: {
    cluster: string
    definition: string
    subnets: string[]
    group: string
    container: string
    command: string[]
  }): Promise<string>
  /** Look at it; `after` is what the last look answered. */
  lookAtTask(cluster: string, taskId: string, log: { group: string; stream: string }): Promise<TaskState>
}

const isMissingStack = (error: unknown) => error instanceof Error && /does not exist/.test(error.message)

export function createCloud(region: string): Cloud {
  const [acm, cloudFormation, ecs, logs] = [
    new ACMClient({ region }),
    new CloudFormationClient({ region }),
    new ECSClient({ region }),
    new CloudWatchLogsClient({ region }),
  ]
  const [secrets, parameters, sts, ses] = [
    new SecretsManagerClient({ region }),
    new SSMClient({ region }),
    new STSClient({ region }),
    new SESClient({ region }),
  ]
  const read = new Map<string, string | undefined>() // how far each log was read

  async function newLines(group: string, stream: string): Promise<string[]> {
    const key = `${group} ${stream}`
    const page = new GetLogEventsCommand({
      logGroupName: group,
      logStreamName: stream,
      startFromHead: true,
      nextToken: read.get(key),
    })
    const { events = [], nextForwardToken } = (await logs.send(page).catch((error: Error) => {
      if (error.name === 'ResourceNotFoundException') return {} // nothing was said yet
      throw error
    })) as { events?: { message?: string }[]; nextForwardToken?: string }
    if (nextForwardToken) read.set(key, nextForwardToken)
    return events.map(({ message = '' }) => message)
  }

  return {
    async account() {
      const { Account = '' } = await sts.send(new GetCallerIdentityCommand({}))
      return Account
    },
    async findOutputs(StackName) {
      try {
        const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }))
        return Object.fromEntries(
          (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
        )
      } catch (error) {
        if (isMissingStack(error)) return null
        throw error
      }
    },
    async findParameter(Name) {
      try {
        return (await parameters.send(new GetParameterCommand({ Name }))).Parameter?.Value ?? null
      } catch (error) {
        if (error instanceof ParameterNotFound) return null
        throw error
      }
    },
    async putParameter(Name, Value) {
      await parameters.send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true }))
    },
    async findSecret(SecretId) {
      try {
        const { SecretString = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId }))
        return JSON.parse(SecretString)
      } catch (error) {
        if (error instanceof SecretNotFound) return null
        throw error
      }
    },
    async verifySender(address) {
      const asked = await ses.send(new GetIdentityVerificationAttributesCommand({ Identities: [address] }))
      if (asked.VerificationAttributes?.[address]?.VerificationStatus === 'Success') return true
      await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: address }))
      return false
    },
    async protectStack(StackName) {
      await cloudFormation.send(
        new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: true }),
      )
    },
    async putSecret(SecretId, value) {
      await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }))
    },
    async importCertificate({ certificate, privateKey }) {
      const bytes = (pem: string) => new TextEncoder().encode(pem)
      const imported = new ImportCertificateCommand({
        Certificate: bytes(certificate),
        PrivateKey: bytes(privateKey),
      })
      const { CertificateArn = '' } = await acm.send(imported)
      return CertificateArn
    },
    async runTask({ cluster, definition, subnets, group, container, command }) {
      const { tasks: [task] = [], failures = [] } = await ecs.send(
        new RunTaskCommand({
          cluster,
          taskDefinition: definition,
          launchType: 'FARGATE',
          networkConfiguration: {
            awsvpcConfiguration: { subnets, securityGroups: [group], assignPublicIp: 'DISABLED' },
          },
          overrides: { containerOverrides: [{ name: container, command }] },
        }),
      )
      if (!task?.taskArn)
        throw new Error(`the task did not start: ${failures.map(({ reason }) => reason).join(', ')}`)
      return task.taskArn.split('/').at(-1) ?? ''
    },
    async lookAtTask(cluster, taskId, { group, stream }) {
      const { tasks: [task] = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [taskId] }))
      const ended = task?.lastStatus === 'STOPPED'
      const lines = await newLines(group, stream)
      if (!ended) return { lines, exitCode: null }
      return { lines, exitCode: task?.containers?.[0]?.exitCode ?? 1, reason: task?.stoppedReason }
    },
  }
}
