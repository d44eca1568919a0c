import process from 'node:process'
import { type DestinationStream, pino } from 'pino'

const GATHER_MS = 100
const GATHER_CHARS = 16_384
const WARN = pino.levels.values.warn ?? 40

let output: DestinationStream | undefined

/**
 * Standard output, buffered: writes 16 KB at once, or what arrived within 100 ms. A warning or worse is
 * written at once with all before it, and the rest when the process ends, except by SIGKILL. All loggers of a
 * process share it.
 */
export function findLogOutput(): DestinationStream {
  output ??= createLogOutput()
  return output
}

export function createLogOutput(fd = 1): DestinationStream {
  // What the stream buffers itself (`minLength`) is written synchronously on flush.
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
    /** pino passes the level of a line here. */
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string) {
      gathered += line
      if (this.lastLevel >= WARN || gathered.length >= GATHER_CHARS) flush()
      else timer ??= setTimeout(flush, GATHER_MS).unref()
    },
  } as DestinationStream & { lastLevel: number }
}
