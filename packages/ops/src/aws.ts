import { type Aws, createAws } from '@boxoffice/messaging'
import type { Config } from './config.ts'
import { Failure, failureOf, InputError } from './failure.ts'

/** Runs `work` with the queues; throws a Failure with one sentence if they are unreachable. */
export async function withAws<T>(
  config: Pick<Config, 'messaging'>,
  work: (aws: Aws) => Promise<T>,
): Promise<T> {
  const aws = createAws(config.messaging())
  try {
    return await work(aws)
  } catch (error) {
    if (error instanceof InputError || error instanceof Failure) throw error
    const message = `the queues are unreachable at ${aws.config.sqsEndpoint ?? 'SQS'}: ${failureOf(error)}`
    throw new Failure('QUEUES_UNREACHABLE', message)
  } finally {
    aws.close()
  }
}
