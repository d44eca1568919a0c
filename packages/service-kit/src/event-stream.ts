import { Readable } from 'node:stream'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { z } from 'zod'

/** Often enough that no proxy on the way takes the silence for the end (a load balancer waits 60 s). */
const HEARTBEAT_MS = 15_000

/** Items as server-sent events, each encoded by `item`; a comment keeps a silent connection open. */
export function eventsOf(item: z.ZodType, items: AsyncIterable<unknown>): Readable {
  return Readable.from(linesOf(item, items), { objectMode: false, highWaterMark: 65_536 })
}

async function* linesOf(item: z.ZodType, items: AsyncIterable<unknown>): AsyncGenerator<string> {
  const iterator = items[Symbol.asyncIterator]()
  try {
    yield ': open\n\n' // the headers go out before the first item is there
    let next = iterator.next()
    for (;;) {
      const result = await orSilence(next)
      if (result === 'silence') yield ': still here\n\n'
      else if (result.done) return
      else {
        yield `data: ${JSON.stringify(z.encode(item, result.value))}\n\n`
        next = iterator.next()
      }
    }
  } finally {
    void iterator.return?.()
  }
}

async function orSilence<T>(next: Promise<T>): Promise<T | 'silence'> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<'silence'>((resolve) => {
    timer = setTimeout(() => resolve('silence'), HEARTBEAT_MS)
  })
  return Promise.race([next, silence]).finally(() => clearTimeout(timer))
}

/** The decoded items of an answer of server-sent events, until it ends or the request is aborted. */
export async function* readEvents(item: z.ZodType, response: Response): AsyncGenerator<unknown> {
  const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  if (events) for await (const { data } of events) yield z.decode(item, JSON.parse(data) as never)
}
