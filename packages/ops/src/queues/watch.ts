import { queueNames, queues } from '@boxoffice/contracts'
import { type Aws, findQueueDepth } from '@boxoffice/messaging'
import { withAws } from '../aws.ts'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { type Column, renderTable, timeOf } from '../output/table.ts'
import type { Terminal } from '../terminal.ts'

interface Seen {
  queue: string
  visible: number
  inFlight: number
  deadLetterQueue: string
  deadLetters: number
}
interface Row extends Seen {
  /** How many more wait than at the last look; null at the first. */
  change: number | null
}

const CLEAR = '\u001b[H\u001b[2J'

/** Shows the depth of every queue, on a terminal until Ctrl-C; returns the last look. */
export const watchQueues = (
  config: Pick<Config, 'messaging'>,
  { once, every }: { once: boolean; every: number },
  terminal: Terminal,
): Promise<Result> =>
  withAws(config, async (aws) => {
    let last = await lookAt(aws, [])
    if (terminal.live && !once) {
      while (!terminal.signal.aborted) {
        terminal.out(`${CLEAR}${render(last, terminal)}\nevery ${every} s; Ctrl-C stops\n`)
        await terminal.wait(every * 1_000)
        if (!terminal.signal.aborted) last = await lookAt(aws, last)
      }
      terminal.out(CLEAR)
    }
    return {
      document: { queues: last.map(({ change: _, ...seen }) => seen) },
      text: render(last, terminal),
      exitCode: last.some(({ deadLetters }) => deadLetters > 0) ? 1 : 0,
    }
  })

const lookAt = (aws: Aws, before: readonly Row[]): Promise<Row[]> =>
  Promise.all(
    queueNames.map(async (queue) => {
      const { deadLetterQueue } = queues[queue]
      const [depth, dead] = await Promise.all([
        findQueueDepth(aws, queue),
        findQueueDepth(aws, deadLetterQueue),
      ])
      if (!depth || !dead) throw new Error(`there is no queue ${depth ? deadLetterQueue : queue}`)
      const earlier = before.find((row) => row.queue === queue)
      return {
        queue,
        ...depth,
        deadLetterQueue,
        deadLetters: dead.visible + dead.inFlight,
        change: earlier ? depth.visible - earlier.visible : null,
      }
    }),
  )

const columns: readonly Column<Row>[] = [
  { title: 'QUEUE', text: ({ queue }) => queue },
  {
    title: 'WAITING',
    right: true,
    text: ({ visible }) => visible,
    paint: ({ visible }) => (visible > 0 ? 'yellow' : undefined),
  },
  {
    title: 'CHANGE',
    right: true,
    text: ({ change }) => (change === null ? null : change > 0 ? `+${change}` : change),
  },
  { title: 'IN PROGRESS', right: true, text: ({ inFlight }) => inFlight },
  {
    title: 'DEAD',
    right: true,
    text: ({ deadLetters }) => deadLetters,
    paint: ({ deadLetters }) => (deadLetters > 0 ? 'red' : undefined),
  },
]

function render(rows: readonly Row[], { colours, now }: Pick<Terminal, 'colours' | 'now'>): string {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0)
  const totals = [
    `${counted(
      sum(({ visible }) => visible),
      'message',
    )} waiting`,
    `${sum(({ inFlight }) => inFlight)} in progress`,
    counted(
      sum(({ deadLetters }) => deadLetters),
      'dead letter',
    ),
  ]
  return `${renderTable(columns, rows, colours)}\n${totals.join(', ')} at ${timeOf(now())}\n`
}
