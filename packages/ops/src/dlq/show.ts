import {
  type MessageId,
  notificationsDeadLetterRoutes,
  type QueueName,
  queueNames,
} from '@boxoffice/contracts'
import type { DeadLetter } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Config } from '../config.ts'
import { Failure } from '../failure.ts'
import type { Result } from '../framework/command.ts'
import { ageOf, printable, timeOf } from '../output/table.ts'
import { withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'
import { readMatching } from './find-letters.ts'
import { letterView, RECEIVED_TOO_OFTEN } from './render.ts'

/** A letter with all that is known of it. */
interface Shown {
  queue: QueueName
  /** Whether it is in its dead-letter queue now; otherwise it is a record of one that was. */
  inQueue: boolean
  messageId: string | null
  eventType: string
  reason: string
  sentAt: Date
  redrives: number
  payload: unknown
  attributes: Record<string, string>
}

/** Shows one dead letter, from its queue or from the records of letters that have left theirs. */
export async function showDeadLetter(
  config: Config,
  messageId: string,
  { now }: Pick<Terminal, 'now'>,
): Promise<Result> {
  const letters = await findInQueues(config, messageId)
  const found = letters[0] ?? (await findRecorded(config, messageId))
  if (!found) throw new Failure('NOT_FOUND', `no dead letter has the id ${messageId}, in a queue or recorded`)
  return { document: found, text: render(found, now()) }
}

const findInQueues = (config: Pick<Config, 'messaging'>, id: string): Promise<Shown[]> =>
  withAws(config, async (aws) => {
    const found: Shown[] = []
    const show = (queue: QueueName) => (letters: readonly DeadLetter[]) => {
      for (const letter of letters) found.push(shownOf(queue, letter))
    }
    await Promise.all(queueNames.map((queue) => readMatching(aws, queue, { id, limit: 1 }, show(queue))))
    return found
  })

const shownOf = (queue: QueueName, letter: DeadLetter): Shown => ({
  queue,
  inQueue: true,
  ...letterView(letter),
  attributes: Object.fromEntries(
    Object.entries(letter.sqs.MessageAttributes ?? {}).map(([name, value]) => [
      name,
      value.StringValue ?? '',
    ]),
  ),
})

async function findRecorded(config: Config, messageId: string): Promise<Shown | null> {
  return withService(config, 'notifications', notificationsDeadLetterRoutes, async (notifications) => {
    const query = { messageId: messageId as MessageId, limit: 1 }
    const answer = await notifications.listDeadLetters({ query })
    const [record] = answer.body.deadLetters
    if (!record) return null
    const { queue, eventType, reason, sentAt, redrives, body, attributes } = record
    const payload = body === null ? '(not recorded: it may carry a token)' : payloadOf(body)
    const shown = { queue, messageId, eventType, sentAt, redrives, payload, attributes }
    return { ...shown, inQueue: false, reason: reason ?? RECEIVED_TOO_OFTEN }
  })
}

function payloadOf(body: string): unknown {
  try {
    const json = JSON.parse(body)
    return json?.payload ?? json
  } catch {
    return body
  }
}

function render(shown: Shown, now: Date): string {
  const { queue, inQueue, messageId, eventType, reason, sentAt, redrives, payload, attributes } = shown
  const where = inQueue
    ? `in the dead-letter queue of ${queue}`
    : `has left the dead-letter queue of ${queue}`
  const lines = [
    ['where', where],
    ['since', `${timeOf(sentAt)} (${ageOf(sentAt, now)} ago)`],
    ['because', reason],
    ['redrives', String(redrives)],
    ...Object.entries(attributes).map(([name, value]) => [name, value]),
  ]
  const widest = Math.max(...lines.map(([name = '']) => name.length))
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload, null, 2)
  return [
    `${printable(eventType)}  ${printable(messageId ?? '(no id)')}`,
    ...lines.map(([name = '', value = '']) => `  ${printable(name.padEnd(widest))}  ${printable(value)}`),
    '',
    ...text.split('\n').map(printable),
    '',
  ].join('\n')
}
