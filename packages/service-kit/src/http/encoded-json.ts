const encoded = Symbol('encoded JSON')

/** A `T` already encoded as JSON, for values that are large or sent to many. */
export interface EncodedJson<T> {
  readonly [encoded]: { bytes: Uint8Array; etag: string | undefined; variants: Map<string, Promise<Buffer>> }
  /** Phantom field: carries the type. */
  readonly of?: T
}

/**
 * Encodes a value as its schema would; it is sent as it is, without the route's schema. A caller that keeps
 * it has it compressed only once. `etag` includes the quotes.
 */
export const encodedJson = <T>(value: T, options: { etag?: string } = {}): EncodedJson<T> =>
  encodedText(JSON.stringify(value), options)

/** Does the same for JSON text. */
export const encodedText = <T>(
  json: string | Uint8Array,
  { etag }: { etag?: string } = {},
): EncodedJson<T> => ({
  [encoded]: { bytes: typeof json === 'string' ? Buffer.from(json) : json, etag, variants: new Map() },
})

/** UTF-8 bytes. */
export const bodyOf = (json: EncodedJson<unknown>): Uint8Array => json[encoded].bytes
export const bytesOf = (json: EncodedJson<unknown>): number => bodyOf(json).byteLength
export const etagOf = (json: EncodedJson<unknown>): string | undefined => json[encoded].etag

/** The compressed bodies so far. */
export const variantsOf = (json: EncodedJson<unknown>): Map<string, Promise<Buffer>> => json[encoded].variants

export const isEncoded = (body: unknown): body is EncodedJson<unknown> =>
  typeof body === 'object' && body !== null && encoded in body
