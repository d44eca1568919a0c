const encoded = Symbol('encoded JSON')

/** A `T` that was written as JSON before, for answers and items that are large or the same for many. */
export interface EncodedJson<T> {
  readonly [encoded]: Uint8Array
  /** Never there: it says of what. */
  readonly of?: T
}

/** `value` as its schema would encode it: it is sent as it is, and not held to the route's schema again. */
export const encodedJson = <T>(value: T): EncodedJson<T> => ({ [encoded]: Buffer.from(JSON.stringify(value)) })

/** Its text, in UTF-8. */
export const bodyOf = (json: EncodedJson<unknown>): Uint8Array => json[encoded]
export const bytesOf = (json: EncodedJson<unknown>): number => json[encoded].byteLength

export const isEncoded = (body: unknown): body is EncodedJson<unknown> =>
  typeof body === 'object' && body !== null && encoded in body
