import { type Aws, createAws, messagingConfig } from '@boxoffice/messaging'
import type { System } from '@boxoffice/stack'

/** SNS and SQS clients of this system. */
export function awsOf({ env }: Pick<System, 'env'>): Aws {
  const { AWS_REGION = '', AWS_ACCOUNT_ID = '', AWS_SNS_ENDPOINT, AWS_SQS_ENDPOINT } = env.notifications
  return createAws(
    messagingConfig({
      AWS_REGION,
      AWS_ACCOUNT_ID,
      AWS_SNS_ENDPOINT,
      AWS_SQS_ENDPOINT,
      MESSAGING_PREFIX: '',
      SQS_WAIT_SECONDS: 0.2,
    }),
  )
}
