/** Where a command writes: results to `out`, errors to `error`. */
export interface Terminal {
  out(text: string): void
  error(text: string): void
  /** Asks the operator; undefined without a terminal. */
  ask?(question: string): Promise<string>
  /** Shows progress, with the count for `%d` in `text`; writes to `error`, so that results stay clean. */
  progress(text: string): Progress
  /** Aborted by Ctrl-C: the current batch is finished. */
  signal: AbortSignal
  colours: boolean
  /** `out` is a screen that can be drawn again. */
  live: boolean
  /** The operator's folder: files are named from there. */
  folder: string
  now: () => Date
  /** Resolves after so many milliseconds, or as soon as `signal` is aborted. */
  wait(ms: number): Promise<void>
}

export interface Progress {
  at(count: number): void
  end(): void
}

const PLAIN_INTERVAL_MS = 5_000

/** Shows progress on a stream: one overwritten line on a terminal, else a line every five seconds. */
export function createProgress(options: {
  text: string
  write(text: string): void
  isTerminal: boolean
  nowMs(): number
}): Progress {
  const { write, isTerminal, nowMs } = options
  const lineOf = (count: number) => options.text.replace('%d', String(count))
  let shown = false
  let lastMs = nowMs()
  return {
    at(count) {
      if (isTerminal) {
        write(`\r\u001b[K${lineOf(count)}`)
        shown = true
      } else if (nowMs() - lastMs >= PLAIN_INTERVAL_MS) {
        write(`${lineOf(count)}\n`)
        lastMs = nowMs()
      }
    },
    end() {
      if (shown) write('\r\u001b[K')
    },
  }
}
