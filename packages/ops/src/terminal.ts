/** Where a command writes: results to `out`, what went wrong to `error`. */
export interface Terminal {
  out(text: string): void
  error(text: string): void
  /** Ask the person who sits there; undefined where nobody does. */
  ask?(question: string): Promise<string>
  /**
   * Show how far it is, `%d` in `text` standing for the count; goes to `error`, so that results stay clean.
   */
  progress(text: string): Progress
  /** Aborted by Ctrl-C: what is at work ends its batch. */
  signal: AbortSignal
  colours: boolean
  now: () => Date
  /** Resolves after so many milliseconds, or as soon as `signal` is aborted. */
  wait(ms: number): Promise<void>
}

export interface Progress {
  at(count: number): void
  end(): void
}

const PLAIN_INTERVAL_MS = 5_000

/** Progress on a stream: one line that is written over on a terminal, else a line every five seconds. */
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
