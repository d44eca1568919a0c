import { type ServiceKey, services, type TopicName } from '@boxoffice/contracts'
import { Aws } from 'aws-cdk-lib'
import type { EnvironmentName } from './environments.ts'

/** The private DNS name space in which services find each other. */
export const NAMESPACE = 'eventbooking.local'
/** Of the metrics that services count themselves. */
export const METRICS_NAMESPACE = 'Boxoffice'
/** The account's and region's part of every name that is given rather than generated. */
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

/** An id for a construct: `order-commands.fifo` → `OrderCommandsFifo`. */
export const idOf = (name: string) =>
  name.replace(/(^|[^a-z0-9])([a-z0-9])/gi, (_all, _gap, letter: string) => letter.toUpperCase())
