import { type QueueName, queues } from '@boxoffice/contracts'
import type { DeadLetter } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import type { Terminal } from '../terminal.ts'
import { readMatching } from './find-letters.ts'
import { letterView, renderLetters } from './render.ts'
import { nothingSelected, type Selection } from './selection.ts'

/** Shows dead letters and leaves them in their queue. */
export const peekDeadLetters = (
  config: Pick<Config, 'messaging'>,
  queue: QueueName,
  selection: Selection,
  { now }: Pick<Terminal, 'now'>,
): Promise<Result> =>
  withAws(config, async (aws) => {
    const shown: DeadLetter[] = []
    const seen = await readMatching(aws, queue, selection, (letters) => void shown.push(...letters))
    const none = shown.length === 0 && nothingSelected(selection, queues[queue].deadLetterQueue, seen)
    return {
      document: { queue, deadLetters: shown.map(letterView) },
      text: none || renderLetters(shown, now()),
    }
  })
