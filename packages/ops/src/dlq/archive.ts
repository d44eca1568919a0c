import { messages, type QueueName, queueNames, queues } from '@boxoffice/contracts'
import type { DeadLetter } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Config } from '../config.ts'
import { Failure, failureOf } from '../failure.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import type { Terminal } from '../terminal.ts'
import { createArchive } from './archive-target.ts'
import { readMatching } from './find-letters.ts'
import { nothingSelected, type Selection } from './selection.ts'

/**
 * Writes dead letters as lines of JSON to a file or S3 and leaves them in their queues. A letter that may
 * carry a token is written without its body.
 */
export async function archiveDeadLetters(
  config: Config,
  queue: QueueName | undefined,
  { to, ...selection }: Selection & { to?: string | undefined },
  terminal: Terminal,
): Promise<Result> {
  const archive = await createArchive(to, config.deadLetterBucket(), terminal)
  const notWritten = (error: unknown) => {
    throw new Failure('NOT_WRITTEN', `${archive.name} could not be written: ${failureOf(error)}`)
  }
  const progress = terminal.progress('archived %d dead letters')
  const counts = new Map<QueueName, number>()
  let [seen, written] = [0, 0]
  try {
    await withAws(config, async (aws) => {
      for (const name of queue ? [queue] : queueNames) {
        const write = async (letters: readonly DeadLetter[]) => {
          await archive.write(letters.map((letter) => lineOf(name, letter))).catch(notWritten)
          counts.set(name, (counts.get(name) ?? 0) + letters.length)
          written += letters.length
          progress.at(written)
        }
        if (!terminal.signal.aborted) seen += await readMatching(aws, name, selection, write, terminal.signal)
      }
    })
    await archive.close().catch(notWritten)
  } catch (error) {
    await archive.discard()
    throw error
  } finally {
    progress.end()
  }
  const archived = [...counts].map(([name, letters]) => ({ queue: name, letters, to: archive.name }))
  if (written === 0) {
    const text = nothingSelected(
      selection,
      queue ? queues[queue].deadLetterQueue : 'every dead-letter queue',
      seen,
    )
    return { document: { archived }, text }
  }
  const lines = archived.map(({ queue, letters }) => `  ${queue}: ${letters}`)
  const interrupted = terminal.signal.aborted
  return {
    document: { archived, interrupted },
    text: [
      `archived ${counted(written, 'dead letter')} to ${archive.name}`,
      ...lines,
      ...(interrupted ? ['stopped early: run it again for all'] : []),
      '',
    ].join('\n'),
    exitCode: interrupted ? 1 : 0,
  }
}

function lineOf(queue: QueueName, { messageId, eventType, reason, sentAt, redrives, body, sqs }: DeadLetter) {
  const hasToken =
    messages.get(eventType)?.secret || (messages.get(eventType) === undefined && /token/i.test(body))
  const attributes = Object.fromEntries(
    Object.entries(sqs.MessageAttributes ?? {}).map(([name, value]) => [name, value.StringValue]),
  )
  return JSON.stringify({
    queue,
    messageId,
    eventType,
    reason,
    sentAt,
    redrives,
    attributes,
    body: hasToken ? null : body,
  })
}
