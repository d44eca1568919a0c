import { PurgeQueueCommand, PurgeQueueInProgress } from '@aws-sdk/client-sqs'
import type { QueueName } from '@boxoffice/contracts'
import { findQueueDepth } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Config } from '../config.ts'
import { InputError } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Delete every message of a live queue, also those that are being handled: what they would have caused does
 * not happen. Nobody does that in passing: its name has to be typed once more. SQS takes a minute, and
 * refuses a second time within it. Answers 0, or 1 where it was not done.
 */
export async function purgeQueue(
  config: Pick<Config, 'messaging'>,
  queue: QueueName,
  options: { confirm?: string; json: boolean },
  terminal: Terminal,
): Promise<0 | 1> {
  return withAws(config, terminal, async (aws) => {
    const depth = await findQueueDepth(aws, queue)
    if (!depth) throw new Error(`there is no queue ${queue}`)
    const { visible, inFlight } = depth
    const holds = `${queue} is live: about ${visible} messages wait in it, ${inFlight} are being handled.`
    if (!(await isConfirmed(queue, options.confirm, holds, terminal))) return 1
    try {
      await aws.sqs.send(new PurgeQueueCommand({ QueueUrl: await aws.queueUrl(queue) }))
    } catch (error) {
      if (!(error instanceof PurgeQueueInProgress)) throw error
      terminal.error(
        `${queue} was purged less than a minute ago: SQS does it once a minute. Try again then\n`,
      )
      return 1
    }
    terminal.out(
      options.json
        ? `${JSON.stringify({ queue, purged: visible + inFlight })}\n`
        : `purged about ${visible + inFlight} messages of ${queue}; it is empty within a minute\n`,
    )
    return 0
  })
}

async function isConfirmed(
  queue: QueueName,
  confirm: string | undefined,
  holds: string,
  terminal: Terminal,
): Promise<boolean> {
  if (confirm === queue) return true
  if (confirm !== undefined) throw new InputError(`${holds} --confirm says ${confirm}: nothing was changed`)
  if (!terminal.ask)
    throw new InputError(`${holds} Say --confirm ${queue} to delete them: there is nobody here to ask`)
  const typed = await terminal.ask(
    `${holds} They are deleted for good.\nType the name of the queue to go on: `,
  )
  if (typed.trim() === queue) return true
  terminal.error('nothing was changed\n')
  return false
}
