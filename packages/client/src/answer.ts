import { createParser } from 'eventsource-parser'

/** A response as the client returns it. */
export interface RawAnswer {
  readonly status: number
  readonly body: unknown
}

/** Reads a response by its content type: JSON, an event stream, bytes, or nothing. */
export async function readAnswer(response: Response): Promise<RawAnswer> {
  const { status } = response
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) return { status, body: readEvents(response) }
  if (type.startsWith('application/json')) return { status, body: await response.json() }
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { status, body: bytes.byteLength > 0 ? bytes : undefined }
}

/** Yields the parsed events of a stream until it ends. Leaving the loop aborts the request. */
async function* readEvents(response: Response): AsyncGenerator<unknown> {
  if (!response.body) return
  // Not every browser can iterate over a stream.
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
