import {
  commandQueuesOf,
  type Queue,
  queueNames,
  queues,
  type ServiceKey,
  topicsOf,
} from '@boxoffice/contracts'
import { Aws, aws_iam as iam, type aws_kms as kms, Stack, type aws_s3 as s3, Token } from 'aws-cdk-lib'
import type { EnvironmentName } from '../environments.ts'
import { acknowledge } from '../nag.ts'
import { queueArn, topicArn } from '../names.ts'

export const queuesOf = (service: ServiceKey) =>
  queueNames.filter((name) => queues[name].consumer === service)
const deadLetterQueueOf = (name: (typeof queueNames)[number]) =>
  (queues[name] satisfies Queue).deadLetterQueue
export const everyQueue = queueNames.flatMap((name) => [name, deadLetterQueueOf(name)])

/** Allows senders and receivers to use the key through SQS and SNS. */
const MESSAGE_KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey']

const statement = (sid: string, actions: string[], resources: string[]) =>
  new iam.PolicyStatement({ sid, actions, resources })

/**
 * Allows a service to publish to its topics, send its commands, consume its queues, move unreadable messages
 * to their dead-letter queues, and read the depth of every queue.
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
 * Allows the operators' command line to read, requeue and purge dead letters, to send them to their original
 * queue, and to purge queues.
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

/** Allows the operators' command line to put dead letters into their archive, and nothing else there. */
export function permitArchiving(role: iam.IRole, archive: s3.Bucket): void {
  role.addToPrincipalPolicy(statement('ArchiveDeadLetters', ['s3:PutObject'], [archive.arnForObjects('*')]))
  const id = Stack.of(archive).getLogicalId(archive.node.defaultChild as s3.CfnBucket)
  acknowledge(
    role,
    `AwsSolutions-IAM5[Resource::<${id}.Arn>/*]`,
    'every object of the archive, which is all that the bucket holds',
  )
}

/**
 * Allows the dead-letter check to receive a dead letter, to report its content, and to make it visible again.
 */
export function permitLookingIntoDeadLetters(role: iam.IRole, environment: EnvironmentName): void {
  const letters = queueNames.map((name) => queueArn(environment, deadLetterQueueOf(name)))
  role.addToPrincipalPolicy(
    statement('LookIntoDeadLetters', ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility'], letters),
  )
}

/**
 * Allows sending mail from our sender only, through our configuration set. In the SES sandbox, SES also
 * checks permissions on the recipient's identity, so the policy restricts the sender instead of the
 * identities.
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
  // The notation of cdk-nag for values that only CloudFormation knows.
  const account = Token.isUnresolved(stack.account) ? '<AWS::AccountId>' : stack.account
  acknowledge(
    role,
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ses:${stack.region}:${account}:identity/*]`,
    'in its sandbox SES asks for the recipient’s identity too; the sender is fixed by the condition',
  )
}

/** Allows text messages. Telephones have no ARN, so the policy allows everything except topics. */
export function permitTextMessages(role: iam.IRole): void {
  role.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'SendTextMessages',
      actions: ['sns:Publish'],
      notResources: [`arn:${Aws.PARTITION}:sns:*:*:*`],
    }),
  )
}

/** Allows the collector sidecar to send traces and to write metrics to its log group. */
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
