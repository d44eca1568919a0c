import { type Aws, createAws } from '@boxoffice/messaging'
import type { Config } from './config.ts'
import { failureOf, InputError } from './failure.ts'
import type { Terminal } from './terminal.ts'

/**
 * Do `work` with the queues; 1, and a sentence, where they cannot be reached. Wrong input is the caller's to
 * answer.
 */
export async function withAws(
  config: Pick<Config, 'messaging'>,
  terminal: Terminal,
  work: (aws: Aws) => Promise<0 | 1>,
): Promise<0 | 1> {
  const aws = createAws(config.messaging())
  try {
    return await work(aws)
  } catch (error) {
    if (error instanceof InputError) throw error
    terminal.error(
      `the queues cannot be reached at ${aws.config.sqsEndpoint ?? 'SQS'}: ${failureOf(error)}\n`,
    )
    return 1
  } finally {
    aws.close()
  }
}
