import { messages } from '@boxoffice/contracts'
import type { DeadLetter } from '@boxoffice/messaging'
import { counted } from '../framework/words.ts'
import { ageOf, printable, timeOf } from '../output/table.ts'
import type { Summary } from './work.ts'

const PAYLOAD_MAX = 2_000
export const RECEIVED_TOO_OFTEN = 'received too often without success: see the log of its consumer'

/** Renders a letter for programs. Never includes the payload of a message with tokens. */
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
  if (messages.get(eventType)?.secret) return '(hidden: it carries a token)'
  try {
    const json = JSON.parse(body)
    // A message of another system has no payload of ours: shown whole, unless it may be one of ours without
    // its type.
    return json?.payload ?? (/token/i.test(body) ? null : json)
  } catch {
    return `(not JSON, ${Buffer.byteLength(body)} bytes)`
  }
}

/** Renders letters for a terminal, a few lines each. */
export function renderLetters(letters: readonly DeadLetter[], now: Date): string {
  return letters
    .map((letter) => {
      const { messageId, eventType, reason, sentAt, redrives, payload } = letterView(letter)
      const again = redrives === 0 ? '' : `, redriven ${redrives === 1 ? 'once' : `${redrives} times`} before`
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
      return [
        `${printable(eventType)}  ${printable(messageId ?? '(no id)')}`,
        `  since    ${timeOf(sentAt)} (${ageOf(sentAt, now)} ago)${again}`,
        `  because  ${printable(reason)}`,
        `  payload  ${printable(text).slice(0, PAYLOAD_MAX)}`,
        '',
      ].join('\n')
    })
    .join('\n')
}

/** Renders the result, a sentence each. */
export function renderSummary(
  summary: Summary,
  options: { verb: 'requeued' | 'purged'; dryRun: boolean; target: string },
): string {
  const { done, looping, diedAgain, refused, undeleted, interrupted } = summary
  const count = (letters: readonly unknown[]) => counted(letters.length, 'dead letter')
  return [
    options.dryRun
      ? `${count(done)} of ${options.target} would be ${options.verb}. Nothing was changed.`
      : `${options.verb} ${count(done)} of ${options.target}`,
    ...(looping.length > 0
      ? [`${count(looping)} stayed: redriven too often already (--max-redrives raises the limit)`]
      : []),
    ...(diedAgain.length > 0
      ? [
          `${count(diedAgain)} died again just now: the fault is still there ` +
            `(\`boxoffice dlq show ${diedAgain[0]?.messageId}\`)`,
        ]
      : []),
    ...(refused.length > 0 ? [`${count(refused)} stayed: SQS refused them (${refused[0]?.why})`] : []),
    ...(undeleted.length > 0 ? [`${count(undeleted)} could not be deleted and will appear again`] : []),
    ...(interrupted ? ['stopped early: run it again for the rest'] : []),
    '',
  ].join('\n')
}

/** Renders the result for programs. */
export const summaryView = (
  { done, looping, diedAgain, refused, undeleted, interrupted }: Summary,
  dryRun: boolean,
) => ({
  dryRun,
  done: done.map(({ messageId, eventType }) => ({ messageId, eventType })),
  looping: looping.map(({ messageId, eventType, redrives }) => ({ messageId, eventType, redrives })),
  diedAgain: diedAgain.map(({ messageId, eventType }) => ({ messageId, eventType })),
  refused: refused.map(({ letter, why }) => ({
    messageId: letter.messageId,
    eventType: letter.eventType,
    why,
  })),
  undeleted: undeleted.map(({ messageId, eventType }) => ({ messageId, eventType })),
  interrupted,
})
