import { type QueueName, queues } from '@boxoffice/contracts'
import { findQueueDepth } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Call, Result } from '../framework/command.ts'
import { renderSummary, summaryView } from './render.ts'
import { inWords, nothingSelected, type Selection } from './selection.ts'
import { purge, requeue, type Summary } from './work.ts'

type Change = Pick<Call, 'config' | 'terminal' | 'dryRun' | 'confirm'>

/** Redrives dead letters to their queue; the exit code is 1 if some of the selected ones stayed. */
export async function requeueDeadLetters(
  call: Change,
  queue: QueueName,
  selection: Selection & { maxRedrives: number },
): Promise<Result> {
  await call.confirm(`Redrive ${inWords(selection)} of ${queues[queue].deadLetterQueue} to ${queue}?`)
  return change(call, queue, { selection, verb: 'requeued' }, (work) =>
    requeue({ ...work, maxRedrives: selection.maxRedrives }),
  )
}

/** Deletes dead letters for good; the exit code is 1 if some of the selected ones stayed. */
export async function purgeDeadLetters(
  call: Change,
  queue: QueueName,
  selection: Selection,
): Promise<Result> {
  await call.confirm(`Delete ${inWords(selection)} of ${queues[queue].deadLetterQueue} for good?`)
  return change(call, queue, { selection, verb: 'purged' }, purge)
}

async function change(
  { config, terminal, dryRun }: Change,
  queue: QueueName,
  { selection, verb }: { selection: Selection; verb: 'requeued' | 'purged' },
  act: (work: Parameters<typeof purge>[0]) => Promise<Summary>,
): Promise<Result> {
  const { deadLetterQueue } = queues[queue]
  const summary = await withAws(config, async (aws) => {
    const depth = await findQueueDepth(aws, deadLetterQueue)
    if (!depth) throw new Error(`there is no queue ${deadLetterQueue}`)
    const total = depth.visible + depth.inFlight
    const progress = terminal.progress(`${verb} %d of about ${total} in ${deadLetterQueue}`)
    return act({
      aws,
      queue,
      selection,
      dryRun,
      signal: terminal.signal,
      onProgress: ({ done }) => progress.at(done.length),
    }).finally(() => progress.end())
  })
  const { done, looping, diedAgain, refused, undeleted, interrupted, seen } = summary
  const stayed = looping.length + diedAgain.length + refused.length + undeleted.length
  const none = done.length + stayed === 0 && !interrupted && nothingSelected(selection, deadLetterQueue, seen)
  return {
    document: { queue, ...summaryView(summary, dryRun) },
    text: none || renderSummary(summary, { verb, dryRun, target: deadLetterQueue }),
    exitCode: stayed > 0 || interrupted ? 1 : 0,
  }
}
