import { longPollSeconds } from '@boxoffice/contracts'
import { z } from 'zod'

/** The environment variables of messaging. */
export const messagingEnvironment = {
  AWS_REGION: z.string().default('us-east-1').describe('region of topics and queues'),
  AWS_ACCOUNT_ID: z
    .string()
    .regex(/^\d{12}$/)
    .describe('account of topics and queues'),
  AWS_SNS_ENDPOINT: z.url().optional().describe('SNS endpoint, if not the one of AWS'),
  AWS_SQS_ENDPOINT: z.url().optional().describe('SQS endpoint, if not the one of AWS'),
  MESSAGING_PREFIX: z
    .string()
    .regex(/^[\w-]*$/)
    .default('')
    .describe('prefix of the names of topics and queues'),
  SQS_WAIT_SECONDS: z.coerce
    .number()
    .min(0)
    .max(20)
    .default(longPollSeconds)
    .describe('how long a poll waits for messages; short locally'),
}
const Environment = z.object(messagingEnvironment)

export interface MessagingConfig {
  region: string
  accountId: string
  snsEndpoint?: string
  sqsEndpoint?: string
  prefix: string
  waitSeconds: number
}

export const messagingConfig = (environment: z.output<typeof Environment>): MessagingConfig => ({
  region: environment.AWS_REGION,
  accountId: environment.AWS_ACCOUNT_ID,
  snsEndpoint: environment.AWS_SNS_ENDPOINT,
  sqsEndpoint: environment.AWS_SQS_ENDPOINT,
  prefix: environment.MESSAGING_PREFIX,
  waitSeconds: environment.SQS_WAIT_SECONDS,
})
