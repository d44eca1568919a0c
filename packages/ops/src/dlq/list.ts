import { queueNames, queues } from '@boxoffice/contracts'
import { findQueueDepth } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { renderTable } from '../output/table.ts'
import type { Terminal } from '../terminal.ts'

/** Lists every dead-letter queue with its number of letters; the exit code is 1 if there are any. */
export async function listDeadLetters(
  config: Pick<Config, 'messaging'>,
  { colours }: Pick<Terminal, 'colours'>,
): Promise<Result> {
  const found = await withAws(config, (aws) =>
    Promise.all(
      queueNames.map(async (queue) => {
        const { deadLetterQueue } = queues[queue]
        const depth = await findQueueDepth(aws, deadLetterQueue)
        if (!depth) throw new Error(`there is no queue ${deadLetterQueue}`)
        return { queue, deadLetterQueue, deadLetters: depth.visible + depth.inFlight }
      }),
    ),
  )
  const total = found.reduce((sum, { deadLetters }) => sum + deadLetters, 0)
  const table = renderTable(
    [
      { title: 'DEAD-LETTER QUEUE', text: (row) => row.deadLetterQueue },
      {
        title: 'LETTERS',
        right: true,
        text: (row) => row.deadLetters,
        paint: (row) => (row.deadLetters > 0 ? 'red' : undefined),
      },
    ],
    found,
    colours,
  )
  return {
    document: { queues: found },
    text: `${table}\n${total === 0 ? 'no dead letters' : counted(total, 'dead letter')}\n`,
    exitCode: total > 0 ? 1 : 0,
  }
}
