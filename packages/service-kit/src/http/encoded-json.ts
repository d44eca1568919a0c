const encoded = Symbol('encoded JSON')

/** A `T` that was written as JSON before, for answers and items that are large or the same for many. */
export interface EncodedJson<T> {
  readonly [encoded]: { bytes: Uint8Array; etag: string | undefined; variants: Map<string, Promise<Buffer>> }
  /** Never there: it says of what. */
  readonly of?: T
}

/**
 * `value` as its schema would encode it: it is sent as it is, and not held to the route's schema again. Kept
 * by who made it, it is also packed once only. An `etag` (quotes included) goes out with it.
 */
export const encodedJson = <T>(value: T, options: { etag?: string } = {}): EncodedJson<T> =>
  encodedText(JSON.stringify(value), options)

/** The same for JSON that is text already. */
export const encodedText = <T>(
  json: string | Uint8Array,
  { etag }: { etag?: string } = {},
): EncodedJson<T> => ({
  [encoded]: { bytes: typeof json === 'string' ? Buffer.from(json) : json, etag, variants: new Map() },
})

/** Its text, in UTF-8. */
export const bodyOf = (json: EncodedJson<unknown>): Uint8Array => json[encoded].bytes
export const bytesOf = (json: EncodedJson<unknown>): number => bodyOf(json).byteLength
export const etagOf = (json: EncodedJson<unknown>): string | undefined => json[encoded].etag

/** What it was packed into until now. */
export const variantsOf = (json: EncodedJson<unknown>): Map<string, Promise<Buffer>> => json[encoded].variants

export const isEncoded = (body: unknown): body is EncodedJson<unknown> =>
  typeof body === 'object' && body !== null && encoded in body
