import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** A log of a process or service that a test runs. */
export interface LogSource {
  /** Marks the start of a test; later lines belong to it. */
  mark(): void
  /** Returns the last lines since the mark, at most `count`, by writer. */
  readSinceMark(count: number): ReadonlyMap<string, readonly string[]>
}

const sources = new Set<LogSource>()

/** Shows this log when a test of this process fails; returns a function that removes it. */
export function addLogSource(source: LogSource): () => void {
  source.mark()
  sources.add(source)
  return () => void sources.delete(source)
}

export const logSources = (): ReadonlySet<LogSource> => sources

/** Reads every `*.log` of a folder, as the processes of a system write them. */
export function logsOfFolder(folder: string): LogSource {
  const begins = new Map<string, number>()
  const files = () => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.log')) : [])
  return {
    mark() {
      for (const name of files()) begins.set(name, statSync(path.join(folder, name)).size)
    },
    readSinceMark: (count) =>
      new Map(
        files().map((name) => {
          const written = readFileSync(path.join(folder, name)).subarray(begins.get(name) ?? 0)
          return [path.basename(name, '.log'), lastLines(written.toString(), count)]
        }),
      ),
  }
}

const LINES_MAX = 1_000

/** Keeps a log in memory; `write` is the destination of a logger. */
export function createMemoryLog(name: string): LogSource & { write(line: string): void } {
  let lines: string[] = []
  return {
    write(line) {
      if (lines.push(line) > 2 * LINES_MAX) lines = lines.slice(-LINES_MAX)
    },
    mark() {
      lines = []
    },
    readSinceMark: (count) => new Map([[name, lastLines(lines.join(''), count)]]),
  }
}

const lastLines = (text: string, count: number) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-count)
