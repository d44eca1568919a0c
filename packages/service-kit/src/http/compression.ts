import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendAnswer, type WireAnswer } from './answer.ts'
import { type EncodedJson, variantsOf } from './encoded-json.ts'

export type Encoding = 'br' | 'gzip'

/** A smaller body is not worth the header. */
const COMPRESSED_BYTES_MIN = 1_024
/** Levels for bodies that are sent once, and for cached ones: 4 takes as long as gzip and is smaller. */
const QUALITY = { once: 4, kept: 6 }

const [brotli, zip] = [promisify(brotliCompress), promisify(gzip)]

/** Runs in libuv's thread pool, beside the event loop. */
const compress = (bytes: Uint8Array, encoding: Encoding, quality: number): Promise<Buffer> =>
  encoding === 'gzip'
    ? zip(bytes)
    : brotli(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: quality,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
        },
      })

/**
 * Sends the answer to a GET, compressed if the client accepts it (`Accept-Encoding`) and it is JSON of 1 KB
 * or more. Not compressed: what must not be stored (`no-store`: tokens and ticket codes, whose length would
 * reveal them if it depended on the request, BREACH), what must not be changed (`no-transform`), and what has
 * a strong ETag. An `EncodedJson` is compressed once for all readers, and its ETag becomes weak since the
 * bytes differ.
 */
export async function sendPacked(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: WireAnswer,
): Promise<FastifyReply> {
  if (answer.status === 304) return sendAnswer(reply, isAsked(request) ? withWeakTag(answer) : answer)
  const bytes = packable(answer)
  if (!bytes) return sendAnswer(reply, answer)
  reply.header('vary', [reply.getHeader('vary'), 'accept-encoding'].filter(Boolean).join(', '))
  const encoding = chooseEncoding(request.headers['accept-encoding'])
  if (!encoding) return sendAnswer(reply, answer)
  reply.header('content-encoding', encoding)
  return sendAnswer(reply, { ...withWeakTag(answer), body: await packed(bytes, encoding, answer.json) })
}

const isAsked = (request: FastifyRequest) => chooseEncoding(request.headers['accept-encoding']) !== null

function packable({ status, contentType, body, headers = {}, json }: WireAnswer): Uint8Array | null {
  if (
    status !== 200 ||
    contentType !== 'application/json' ||
    /no-store|no-transform/.test(headers['cache-control'] ?? '')
  )
    return null
  if (headers.etag?.startsWith('"') && !json) return null
  const bytes =
    typeof body === 'string' ? (body.length < COMPRESSED_BYTES_MIN ? null : Buffer.from(body)) : body
  return bytes instanceof Uint8Array && bytes.byteLength >= COMPRESSED_BYTES_MIN ? bytes : null
}

function packed(
  bytes: Uint8Array,
  encoding: Encoding,
  json: EncodedJson<unknown> | undefined,
): Promise<Buffer> {
  if (!json) return compress(bytes, encoding, QUALITY.once)
  const variants = variantsOf(json)
  const known = variants.get(encoding)
  if (known) return known
  const made = compress(bytes, encoding, QUALITY.kept)
  variants.set(encoding, made)
  made.catch(() => variants.delete(encoding))
  return made
}

function withWeakTag(answer: WireAnswer): WireAnswer {
  const etag = answer.headers?.etag
  return etag?.startsWith('"') ? { ...answer, headers: { ...answer.headers, etag: `W/${etag}` } } : answer
}

/** Returns the encoding that the client prefers, Brotli among equals; null if it accepts none. */
export function chooseEncoding(accepted: string | string[] | undefined): Encoding | null {
  if (typeof accepted !== 'string') return null
  const weights = new Map<string, number>()
  for (const part of accepted.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim())
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    weights.set(name, q === undefined ? 1 : Number(q.slice(2)) || 0)
  }
  const weightOf = (encoding: Encoding) => weights.get(encoding) ?? weights.get('*') ?? 0
  const best = weightOf('br') >= weightOf('gzip') ? 'br' : 'gzip'
  return weightOf(best) > 0 ? best : null
}
