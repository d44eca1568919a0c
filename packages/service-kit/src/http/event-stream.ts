import { Readable } from 'node:stream'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { z } from 'zod'
import { bodyOf, type EncodedJson, isEncoded } from './encoded-json.ts'
import { beatEvery } from './heartbeat.ts'

/** Often enough for proxies that end silent connections (a load balancer after 60 s). */
const HEARTBEAT_MS = 15_000
const OPEN = Buffer.from(': open\n\n')
const STILL_HERE = Buffer.from(': still here\n\n')

const beating = beatEvery(HEARTBEAT_MS)

/**
 * Encodes items as server-sent events, each by `item` unless it is encoded already; a comment keeps a silent
 * connection open. Asks for the next item when the reader has taken the last one.
 */
export function eventsOf(item: z.ZodType, items: AsyncIterable<unknown>): Readable {
  const iterator = items[Symbol.asyncIterator]()
  let isAsking = false

  async function ask(): Promise<void> {
    isAsking = true
    try {
      const { done, value } = await iterator.next()
      isAsking = false
      stream.push(done ? null : frameOf(item, value))
    } catch (error) {
      stream.destroy(error as Error)
    }
  }

  const stream = new Readable({
    highWaterMark: 65_536,
    read() {
      if (!isAsking) void ask()
    },
    destroy(error, done) {
      stopBeating()
      void iterator.return?.()
      done(error)
    },
  })
  const stopBeating = beating(() => {
    if (stream.readableLength === 0) stream.push(STILL_HERE)
  })
  stream.push(OPEN) // sends the headers before the first item
  return stream
}

/** For items that are encoded once for many streams. */
const frames = new WeakMap<EncodedJson<unknown>, Buffer>()

function frameOf(item: z.ZodType, value: unknown): Buffer {
  if (!isEncoded(value)) return Buffer.from(`data: ${JSON.stringify(z.encode(item, value))}\n\n`)
  const frame =
    frames.get(value) ?? Buffer.concat([Buffer.from('data: '), bodyOf(value), Buffer.from('\n\n')])
  frames.set(value, frame)
  return frame
}

/** Yields the decoded items of a response of server-sent events until it ends or the request is aborted. */
export async function* readEvents(item: z.ZodType, response: Response): AsyncGenerator<unknown> {
  const events = response.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
  if (events) for await (const { data } of events) yield z.decode(item, JSON.parse(data) as never)
}
