import { connect, type Socket } from 'node:net'

/** A response; head and body only if requested. */
export interface WireAnswer {
  status: number
  bytes: number
  head?: string
  body?: string
}

interface Waiting {
  resolve(answer: WireAnswer): void
  reject(error: Error): void
  keepBody: boolean
}

const HEAD_END = Buffer.from('\r\n\r\n')
const NOTHING = Buffer.alloc(0)

/**
 * Creates a kept-alive HTTP/1.1 connection for one request at a time, with minimal overhead, because the
 * load generator shares its machine with the system under test. Rejects if the connection ends within a
 * response; the next request reconnects.
 */
export function createWire(host: string, port: number) {
  let socket: Socket | null = null
  let waiting: Waiting | null = null
  let received: Buffer = NOTHING

  function open(): Socket {
    const opened = connect({ host, port, noDelay: true })
    const lose = (error?: Error) => {
      if (socket === opened) socket = null
      received = NOTHING
      const lost = waiting
      waiting = null
      lost?.reject(error ?? new Error('the connection was closed'))
    }
    opened.on('data', take)
    opened.on('error', lose)
    opened.on('close', () => socket === opened && lose())
    return opened
  }

  function take(chunk: Buffer): void {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    if (!waiting) return
    const answer = readAnswer(received, waiting.keepBody)
    if (!answer) return
    received = NOTHING
    const { resolve } = waiting
    waiting = null
    resolve(answer)
  }

  return {
    send(request: string, keepBody = false): Promise<WireAnswer> {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject, keepBody }
        socket ??= open()
        socket.write(request)
      })
    },
    close(): void {
      socket?.destroy()
      socket = null
    },
  }
}
export type Wire = ReturnType<typeof createWire>

/** Parses a response; null while it is incomplete. */
export function readAnswer(received: Buffer, keepBody: boolean): WireAnswer | null {
  const headEnd = received.indexOf(HEAD_END)
  if (headEnd < 0) return null
  const head = received.toString('latin1', 0, headEnd)
  const status = Number(head.slice(9, 12))
  const start = headEnd + 4
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) {
    const end = start + Number(length)
    if (received.length < end) return null
    return {
      status,
      bytes: Number(length),
      ...(keepBody && { head, body: received.toString('utf8', start, end) }),
    }
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, bytes: 0 }
  const answer = readChunked(received, start, status, keepBody)
  return answer && keepBody ? { ...answer, head } : answer
}

function readChunked(received: Buffer, start: number, status: number, keepBody: boolean): WireAnswer | null {
  const parts: string[] = []
  let bytes = 0
  for (let at = start; ; ) {
    const lineEnd = received.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const size = Number.parseInt(received.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + size + 2
    if (received.length < end) return null
    if (size === 0) return { status, bytes, ...(keepBody && { body: parts.join('') }) }
    bytes += size
    if (keepBody) parts.push(received.toString('utf8', lineEnd + 2, end - 2))
    at = end
  }
}
