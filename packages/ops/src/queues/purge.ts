import { PurgeQueueCommand, PurgeQueueInProgress } from '@aws-sdk/client-sqs'
import type { QueueName } from '@boxoffice/contracts'
import { findQueueDepth } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Config } from '../config.ts'
import { Failure, InputError } from '../failure.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Deletes every message of a live queue, including those in progress: their effects never happen. Asks for
 * the queue's name as confirmation. SQS takes a minute, and refuses a second purge within it.
 */
export const purgeQueue = (
  config: Pick<Config, 'messaging'>,
  queue: QueueName,
  { confirm, dryRun }: { confirm?: string | undefined; dryRun: boolean },
  terminal: Terminal,
): Promise<Result> =>
  withAws(config, async (aws) => {
    const depth = await findQueueDepth(aws, queue)
    if (!depth) throw new Error(`there is no queue ${queue}`)
    const { visible, inFlight } = depth
    const about = `about ${counted(visible + inFlight, 'message')} of ${queue}`
    if (dryRun)
      return { document: { queue, purged: 0 }, text: `${about} would be deleted. Nothing was changed.\n` }
    const holds = `${queue} is live: about ${visible} messages wait in it, ${inFlight} are in progress.`
    await requireName(queue, confirm, holds, terminal)
    try {
      await aws.sqs.send(new PurgeQueueCommand({ QueueUrl: await aws.queueUrl(queue) }))
    } catch (error) {
      if (!(error instanceof PurgeQueueInProgress)) throw error
      throw new Failure(
        'PURGE_IN_PROGRESS',
        `${queue} was purged less than a minute ago, and SQS allows one purge a minute: try again then`,
      )
    }
    return {
      document: { queue, purged: visible + inFlight },
      text: `purged ${about}; it is empty within a minute\n`,
    }
  })

/** Throws unless the operator gave the queue's name again. */
async function requireName(
  queue: QueueName,
  confirm: string | undefined,
  holds: string,
  terminal: Terminal,
): Promise<void> {
  if (confirm === queue) return
  if (confirm !== undefined) throw new InputError(`${holds} --confirm says ${confirm}: nothing was changed`)
  if (!terminal.ask)
    throw new InputError(`${holds} Pass --confirm ${queue} to delete them: this is not a terminal`)
  const question = `${holds} They will be deleted for good.\nType the name of the queue to continue: `
  if ((await terminal.ask(question)).trim() !== queue) throw new Failure('DECLINED', 'nothing was changed')
}
