import {
  commandQueuesOf,
  type Queue,
  queueNames,
  queues,
  type ServiceKey,
  topicsOf,
} from '@boxoffice/contracts'
import { Aws, aws_iam as iam, type aws_kms as kms, Token } from 'aws-cdk-lib'
import type { EnvironmentName } from '../environments.ts'
import { acknowledge } from '../nag.ts'
import { queueArn, topicArn } from '../names.ts'

export const queuesOf = (service: ServiceKey) =>
  queueNames.filter((name) => queues[name].consumer === service)
const deadLetterQueueOf = (name: (typeof queueNames)[number]) =>
  (queues[name] satisfies Queue).deadLetterQueue
export const everyQueue = queueNames.flatMap((name) => [name, deadLetterQueueOf(name)])

/** SQS and SNS use the key on behalf of whoever sends and receives. */
const MESSAGE_KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey']

const statement = (sid: string, actions: string[], resources: string[]) =>
  new iam.PolicyStatement({ sid, actions, resources })

/**
 * A service publishes to its topics, sends its commands, takes from its queues, sets aside what it cannot
 * read, and may look how full every queue is.
 */
export function permitMessaging(
  role: iam.IRole,
  service: ServiceKey,
  environment: EnvironmentName,
  key: kms.IKey,
): void {
  const [topicArns, own] = [topicsOf(service).map((topic) => topicArn(environment, topic)), queuesOf(service)]
  const queueArns = own.map((name) => queueArn(environment, name))
  if (topicArns.length > 0) {
    role.addToPrincipalPolicy(statement('Publish', ['sns:Publish', 'sns:GetTopicAttributes'], topicArns))
  }
  const commands = commandQueuesOf(service).map((name) => queueArn(environment, name))
  if (commands.length > 0) role.addToPrincipalPolicy(statement('SendCommands', ['sqs:SendMessage'], commands))
  if (own.length > 0) {
    role.addToPrincipalPolicy(
      statement(
        'Consume',
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'],
        queueArns,
      ),
    )
    const deadLetters = own.map((name) => queueArn(environment, deadLetterQueueOf(name)))
    role.addToPrincipalPolicy(statement('SetAside', ['sqs:SendMessage'], deadLetters))
  }
  const all = everyQueue.map((name) => queueArn(environment, name))
  role.addToPrincipalPolicy(statement('LookAtQueues', ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'], all))
  key.grant(role, ...MESSAGE_KEY_ACTIONS)
}

/**
 * The operators' command line reads, requeues and purges dead letters, sends them back to the queue they came
 * from, and purges queues.
 */
export function permitDeadLetters(role: iam.IRole, environment: EnvironmentName, key: kms.IKey): void {
  const arns = (names: readonly string[]) => names.map((name) => queueArn(environment, name))
  const letters = queueNames.map(deadLetterQueueOf)
  role.addToPrincipalPolicy(
    statement('LookAtQueues', ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'], arns(everyQueue)),
  )
  role.addToPrincipalPolicy(
    statement(
      'WorkOffDeadLetters',
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'],
      arns(letters),
    ),
  )
  role.addToPrincipalPolicy(statement('Requeue', ['sqs:SendMessage'], arns(queueNames)))
  role.addToPrincipalPolicy(statement('PurgeQueues', ['sqs:PurgeQueue'], arns(queueNames)))
  key.grant(role, ...MESSAGE_KEY_ACTIONS)
}

/** Whoever watches the dead letters takes one in hand to say what it is about, and lets go of it again. */
export function permitLookingIntoDeadLetters(role: iam.IRole, environment: EnvironmentName): void {
  const letters = queueNames.map((name) => queueArn(environment, deadLetterQueueOf(name)))
  role.addToPrincipalPolicy(
    statement('LookIntoDeadLetters', ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility'], letters),
  )
}

/**
 * Mails in our name alone, through our configuration set. While SES keeps an account in its sandbox it also
 * asks whether the recipient's identity may be used, so identities cannot be named; the sender can.
 */
export function permitMails(role: iam.IRole, options: { from: string; configurationSet: string }): void {
  const { stack } = role
  const identities = stack.formatArn({ service: 'ses', resource: 'identity', resourceName: '*' })
  role.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'SendMails',
      actions: ['ses:SendRawEmail'],
      resources: [identities, options.configurationSet],
      conditions: { StringEquals: { 'ses:FromAddress': options.from } },
    }),
  )
  // As cdk-nag writes what only CloudFormation knows.
  const account = Token.isUnresolved(stack.account) ? '<AWS::AccountId>' : stack.account
  acknowledge(
    role,
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ses:${stack.region}:${account}:identity/*]`,
    'in its sandbox SES asks for the recipient’s identity too; the sender is fixed by the condition',
  )
}

/** Text messages go to telephones, which have no ARN: what is permitted is everything that is no topic. */
export function permitTextMessages(role: iam.IRole): void {
  role.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'SendTextMessages',
      actions: ['sns:Publish'],
      notResources: [`arn:${Aws.PARTITION}:sns:*:*:*`],
    }),
  )
}

/** What the collector beside a service may do: hand in traces, and write metrics to its log group. */
export function permitCollector(role: iam.IRole, logGroupArn: string): void {
  role.addToPrincipalPolicy(statement('Traces', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']))
  role.addToPrincipalPolicy(
    statement(
      'Metrics',
      ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
      [logGroupArn],
    ),
  )
}
