import { type Aws, createAws } from '@boxoffice/messaging'
import type { Config } from './config.ts'
import { failureOf, InputError } from './failure.ts'
import type { Terminal } from './terminal.ts'

/**
 * Runs `work` with the queues; prints a sentence and returns 1 if they are unreachable. Input errors are left
 * to the caller.
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
    terminal.error(`the queues are unreachable at ${aws.config.sqsEndpoint ?? 'SQS'}: ${failureOf(error)}\n`)
    return 1
  } finally {
    aws.close()
  }
}
