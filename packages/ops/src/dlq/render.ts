import { messages } from '@boxoffice/contracts'
import type { DeadLetter } from '@boxoffice/messaging'
import type { Summary } from './work.ts'

const PAYLOAD_MAX = 2_000
const RECEIVED_TOO_OFTEN = 'received too often without success: see the log of its consumer'

/** A letter for programs. The payload of a message with tokens in it is never shown. */
export function letterView(letter: DeadLetter) {
  const { messageId, eventType, reason, sentAt, redrives } = letter
  return {
    messageId,
    eventType,
    reason: reason ?? RECEIVED_TOO_OFTEN,
    sentAt,
    redrives,
    payload: payloadOf(letter),
  }
}

function payloadOf({ body, eventType }: DeadLetter): unknown {
  if (messages.get(eventType)?.secret) return '(kept secret: it carries a token)'
  try {
    const json = JSON.parse(body)
    // What is in foreign words has no payload of ours: all of it then, unless it may be one of ours that lost
    // its type.
    return json?.payload ?? (/token/i.test(body) ? null : json)
  } catch {
    return `(not JSON, ${Buffer.byteLength(body)} bytes)`
  }
}

/** Letters for a terminal, a few lines each. */
export function renderLetters(letters: readonly DeadLetter[]): string {
  return letters
    .map((letter) => {
      const { messageId, eventType, reason, sentAt, redrives, payload } = letterView(letter)
      const again = redrives === 0 ? '' : `, put back ${redrives === 1 ? 'once' : `${redrives} times`} before`
      return [
        `${printable(eventType)}  ${printable(messageId ?? '(no id)')}`,
        `  since    ${sentAt.toISOString()}${again}`,
        `  because  ${printable(reason)}`,
        `  payload  ${printable(typeof payload === 'string' ? payload : JSON.stringify(payload)).slice(0, PAYLOAD_MAX)}`,
        '',
      ].join('\n')
    })
    .join('\n')
}

// What stands in a dead letter is anybody's: it must not steer the terminal.
const printable = (text: string) => text.replace(/\p{Cc}/gu, '?')

/** What was done, a sentence each. */
export function renderSummary(
  summary: Summary,
  options: { verb: 'requeued' | 'purged'; dryRun: boolean; target: string },
): string {
  const { done, looping, refused, undeleted, interrupted } = summary
  const count = (letters: readonly unknown[]) =>
    `${letters.length} dead ${letters.length === 1 ? 'letter' : 'letters'}`
  return [
    options.dryRun
      ? `${count(done)} of ${options.target} would be ${options.verb}. Nothing was changed.`
      : `${options.verb} ${count(done)} of ${options.target}`,
    ...(looping.length > 0
      ? [`${count(looping)} stayed: put back too often already (--max-redrives lets them go once more)`]
      : []),
    ...(refused.length > 0 ? [`${count(refused)} stayed: SQS did not take them (${refused[0]?.why})`] : []),
    ...(undeleted.length > 0 ? [`${count(undeleted)} could not be deleted and will be there again`] : []),
    ...(interrupted ? ['stopped before the end: run it again for the rest'] : []),
    '',
  ].join('\n')
}

/** What was done, for programs. */
export const summaryView = (
  { done, looping, refused, undeleted, interrupted }: Summary,
  dryRun: boolean,
) => ({
  dryRun,
  done: done.map(({ messageId, eventType }) => ({ messageId, eventType })),
  looping: looping.map(({ messageId, eventType, redrives }) => ({ messageId, eventType, redrives })),
  refused: refused.map(({ letter, why }) => ({
    messageId: letter.messageId,
    eventType: letter.eventType,
    why,
  })),
  undeleted: undeleted.map(({ messageId, eventType }) => ({ messageId, eventType })),
  interrupted,
})
