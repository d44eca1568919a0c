import { createParser } from 'eventsource-parser'

/** An answer as it is given to the caller. */
export interface RawAnswer {
  readonly status: number
  readonly body: unknown
}

/** Reads an answer by its content type: JSON, a stream of events, bytes, or nothing. */
export async function readAnswer(response: Response): Promise<RawAnswer> {
  const { status } = response
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) return { status, body: readEvents(response) }
  if (type.startsWith('application/json')) return { status, body: await response.json() }
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { status, body: bytes.byteLength > 0 ? bytes : undefined }
}

/** The events of a stream, each parsed, until it ends. Who stops to read ends the request. */
async function* readEvents(response: Response): AsyncGenerator<unknown> {
  if (!response.body) return
  // Not every browser iterates over a stream.
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const events: unknown[] = []
  const parser = createParser({ onEvent: ({ data }) => events.push(JSON.parse(data)) })
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      parser.feed(value)
      yield* events.splice(0)
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
