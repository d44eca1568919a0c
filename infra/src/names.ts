import { type ServiceKey, services, type TopicName } from '@boxoffice/contracts'
import { Aws } from 'aws-cdk-lib'
import type { EnvironmentName } from './environments.ts'

/** The private DNS namespace of the services. */
export const NAMESPACE = 'eventbooking.local'
/** CloudWatch namespace of the services' own metrics. */
export const METRICS_NAMESPACE = 'Boxoffice'
/** The prefix of every explicit resource name in the account and region. */
export const prefixOf = (environment: EnvironmentName) => `boxoffice-${environment}-`

export const mailConfigurationSetOf = (environment: EnvironmentName) => `${prefixOf(environment)}mails`

export const hostOf = (service: ServiceKey) => `${services[service].name}.${NAMESPACE}`
export const urlOf = (service: ServiceKey) => `http://${hostOf(service)}:${services[service].defaultPort}`

const arnOf = (service: 'sns' | 'sqs', name: string) =>
  `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${name}`
export const topicArn = (environment: EnvironmentName, topic: TopicName) =>
  arnOf('sns', prefixOf(environment) + topic)
export const queueArn = (environment: EnvironmentName, queue: string) =>
  arnOf('sqs', prefixOf(environment) + queue)

/** Returns the construct id for a name: `order-commands.fifo` → `OrderCommandsFifo`. */
export const idOf = (name: string) =>
  name.replace(/(^|[^a-z0-9])([a-z0-9])/gi, (_all, _gap, letter: string) => letter.toUpperCase())
