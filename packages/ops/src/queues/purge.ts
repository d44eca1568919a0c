import { PurgeQueueCommand, PurgeQueueInProgress } from '@aws-sdk/client-sqs'
import type { QueueName } from '@boxoffice/contracts'
import { findQueueDepth } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Config } from '../config.ts'
import { InputError } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Deletes every message of a live queue, including those in progress: their effects never happen. Asks for
 * the queue's name as confirmation. SQS takes a minute, and refuses a second purge within it. Returns 0, or 1
 * if nothing was done.
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
    const holds = `${queue} is live: about ${visible} messages wait in it, ${inFlight} are in progress.`
    if (!(await isConfirmed(queue, options.confirm, holds, terminal))) return 1
    try {
      await aws.sqs.send(new PurgeQueueCommand({ QueueUrl: await aws.queueUrl(queue) }))
    } catch (error) {
      if (!(error instanceof PurgeQueueInProgress)) throw error
      terminal.error(
        `${queue} was purged less than a minute ago, and SQS allows one purge a minute: try again then\n`,
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
    throw new InputError(`${holds} Pass --confirm ${queue} to delete them: this is not a terminal`)
  const typed = await terminal.ask(
    `${holds} They will be deleted for good.\nType the name of the queue to continue: `,
  )
  if (typed.trim() === queue) return true
  terminal.error('nothing was changed\n')
  return false
}
