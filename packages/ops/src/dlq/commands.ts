import { type QueueName, queueNames, queues } from '@boxoffice/contracts'
import { findQueueDepth, readLetters, releaseLetters } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Config } from '../config.ts'
import { InputError } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { letterView, renderLetters, renderSummary, summaryView } from './render.ts'
import { inWords, matches, type Selection } from './selection.ts'
import { purge, requeue, type Summary } from './work.ts'

interface Change extends Selection {
  readonly dryRun: boolean
  readonly yes: boolean
  readonly json: boolean
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

/** Lists every dead-letter queue with its number of letters; returns 1 if there are any. */
export async function listDeadLetters(
  config: Pick<Config, 'messaging'>,
  options: { json: boolean },
  terminal: Terminal,
) {
  return withAws(config, terminal, async (aws) => {
    const found = await Promise.all(
      queueNames.map(async (queue) => {
        const { deadLetterQueue } = queues[queue]
        const depth = await findQueueDepth(aws, deadLetterQueue)
        if (!depth) throw new Error(`there is no queue ${deadLetterQueue}`)
        return { queue, deadLetterQueue, deadLetters: depth.visible + depth.inFlight }
      }),
    )
    const widest = Math.max(...found.map(({ deadLetterQueue }) => deadLetterQueue.length))
    terminal.out(
      options.json
        ? json({ queues: found })
        : found.map((each) => `${each.deadLetterQueue.padEnd(widest)}   ${each.deadLetters}\n`).join(''),
    )
    return found.some(({ deadLetters }) => deadLetters > 0) ? 1 : 0
  })
}

/** Prints dead letters and leaves them in their queue. */
export async function peekDeadLetters(
  config: Pick<Config, 'messaging'>,
  queue: QueueName,
  options: Selection & { json: boolean },
  terminal: Terminal,
) {
  return withAws(config, terminal, async (aws) => {
    const limit = options.limit ?? 10
    const held = []
    try {
      for await (const letters of readLetters(aws, queue)) {
        held.push(...letters)
        if (held.filter((letter) => matches(options, letter)).length >= limit) break
      }
    } finally {
      await releaseLetters(aws, queue, held)
    }
    const shown = held.filter((letter) => matches(options, letter)).slice(0, limit)
    if (options.json) terminal.out(json({ queue, deadLetters: shown.map(letterView) }))
    else if (shown.length === 0)
      terminal.out(`no matching dead letters in ${queues[queue].deadLetterQueue}\n`)
    else terminal.out(renderLetters(shown))
    return 0
  })
}

/** Redrives dead letters to their queue; returns 1 if some of the selected ones stayed. */
export async function requeueDeadLetters(
  config: Pick<Config, 'messaging'>,
  queue: QueueName,
  options: Change & { maxRedrives: number },
  terminal: Terminal,
) {
  const question = `Redrive ${inWords(options)} of ${queues[queue].deadLetterQueue} to ${queue}?`
  return change(config, queue, { ...options, question, verb: 'requeued' }, terminal, (work) =>
    requeue({ ...work, maxRedrives: options.maxRedrives }),
  )
}

/** Deletes dead letters for good; returns 1 if some of the selected ones stayed. */
export async function purgeDeadLetters(
  config: Pick<Config, 'messaging'>,
  queue: QueueName,
  options: Change,
  terminal: Terminal,
) {
  const question = `Delete ${inWords(options)} of ${queues[queue].deadLetterQueue} for good?`
  return change(config, queue, { ...options, question, verb: 'purged' }, terminal, purge)
}

async function change(
  config: Pick<Config, 'messaging'>,
  queue: QueueName,
  options: Change & { question: string; verb: 'requeued' | 'purged' },
  terminal: Terminal,
  act: (work: Parameters<typeof purge>[0]) => Promise<Summary>,
): Promise<0 | 1> {
  if (!options.dryRun && !options.yes) {
    if (!terminal.ask)
      throw new InputError(`${options.question} Pass --yes (or --dry-run): this is not a terminal`)
    if (!/^y(es)?$/i.test(await terminal.ask(`${options.question} [y/N] `))) {
      terminal.error('nothing was changed\n')
      return 1
    }
  }
  return withAws(config, terminal, async (aws) => {
    const target = queues[queue].deadLetterQueue
    const depth = await findQueueDepth(aws, target)
    if (!depth) throw new Error(`there is no queue ${target}`)
    const total = depth.visible + depth.inFlight
    const progress = terminal.progress(`${options.verb} %d of about ${total} in ${target}`)
    const { dryRun } = options
    const summary = await act({
      aws,
      queue,
      selection: options,
      dryRun,
      signal: terminal.signal,
      onProgress: ({ done }) => progress.at(done.length),
    }).finally(() => progress.end())
    terminal.out(
      options.json
        ? json({ queue, ...summaryView(summary, dryRun) })
        : renderSummary(summary, { ...options, target }),
    )
    const { looping, refused, undeleted, interrupted } = summary
    return looping.length + refused.length + undeleted.length > 0 || interrupted ? 1 : 0
  })
}
