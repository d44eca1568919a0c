import process from 'node:process'
import { type DestinationStream, pino } from 'pino'

const GATHER_MS = 100
const GATHER_CHARS = 16_384
const WARN = pino.levels.values.warn ?? 40

let output: DestinationStream | undefined

/**
 * Standard output, lines gathered into one write: of 16 KB, or what came within 100 ms. A warning or worse
 * goes out at once with all before it, and what is left goes out when the process ends, however it ends but
 * by SIGKILL. All loggers of a process share it.
 */
export function findLogOutput(): DestinationStream {
  output ??= createLogOutput()
  return output
}

export function createLogOutput(fd = 1): DestinationStream {
  // What it gathers by itself (`minLength`) it waits for the disk to have when it is told to flush.
  const out = pino.destination({ fd, sync: true })
  let gathered = ''
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (gathered !== '') out.write(gathered)
    gathered = ''
  }
  process.on('exit', () => {
    flush()
    out.flushSync()
  })
  return {
    /** pino says here of which level a line is. */
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string) {
      gathered += line
      if (this.lastLevel >= WARN || gathered.length >= GATHER_CHARS) flush()
      else timer ??= setTimeout(flush, GATHER_MS).unref()
    },
  } as DestinationStream & { lastLevel: number }
}
