import { expect, test } from 'vitest'
import * as z from 'zod'
import {
  inParts,
  MESSAGE_ATTRIBUTES_MAX,
  MESSAGE_BYTES_MAX,
  type MessageDefinition,
  messages,
  publishers,
  type TopicName,
} from '../index.ts'

// What the contract allows of each message at most, made from its schema: a text of three bytes a character,
// every list full, every field that may be there.

const LONG = '席'
/** A trace and what a dead letter says of its death are added on the way. */
const ADDED_BYTES = 2_048

/** The largest value of a schema, as it travels. Throws for a schema without a largest one. */
function largest(schema: z.core.$ZodType, path: string): unknown {
  const { def } = schema as z.ZodType
  switch (def.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema as z.ZodObject).shape).map(([name, field]) => [
          name,
          largest(field, `${path}.${name}`),
        ]),
      )
    case 'array': {
      const things = Array.from({ length: longest(schema as z.ZodArray, path) }, () =>
        largest((schema as z.ZodArray).element, path),
      )
      // Of what its publisher sends in parts, the first.
      return z.globalRegistry.get(schema)?.inParts ? inParts(things)[0]?.things : things
    }
    case 'string': {
      const { format, maxLength } = schema as z.ZodString
      if (format === 'uuid') return crypto.randomUUID()
      if (format === 'datetime') return new Date().toISOString()
      if (maxLength === null) throw new Error(`${path} may be of any length`)
      return LONG.repeat(maxLength)
    }
    case 'record': {
      const { maxLength } = z.globalRegistry.get(schema) as { maxLength: number }
      return { detail: LONG.repeat(maxLength) }
    }
    case 'optional':
    case 'nullable':
    case 'default':
      return largest((schema as z.ZodOptional).def.innerType, path)
    case 'pipe':
      return largest((schema as z.ZodPipe).def.in, path)
    case 'enum':
      return (schema as z.ZodEnum).options.reduce((a, b) => (String(a).length >= String(b).length ? a : b))
    case 'literal':
      return [...(schema as z.ZodLiteral).values][0]
    case 'number':
      return Number.MAX_SAFE_INTEGER
    case 'boolean':
      return false
    default:
      throw new Error(`${path}: nobody has said what the largest ${def.type} is`)
  }
}

/** How many a list may have. */
function longest({ def }: z.ZodArray, path: string): number {
  const maxima = (def.checks ?? []).map(({ _zod }) =>
    _zod.def.check === 'max_length' ? (_zod.def as { maximum?: number }).maximum : undefined,
  )
  const maximum = maxima.find((bound) => bound !== undefined)
  if (maximum === undefined) throw new Error(`${path} may have any number`)
  return maximum
}

/** What SNS and SQS count: the body, and the names, types and values of the attributes. */
function bytesOf({ schema, attributes, eventType }: MessageDefinition): number {
  const body = largest(schema, eventType) as { payload: Record<string, unknown> }
  const values: Record<string, unknown> = { ...body, ...body.payload }
  const ofAttributes = ['eventType', 'timestamp', ...attributes].map((name) => `${name}String${values[name]}`)
  return [JSON.stringify(body), ...ofAttributes].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}

const ours = [...messages.values()].filter(({ topics }) =>
  topics.every((topic) => publishers[topic as TopicName]?.length !== 0),
)

test.each(ours.map((definition) => [definition.eventType, definition] as const))(
  '%s travels at its largest',
  (_, definition) => {
    expect(bytesOf(definition)).toBeLessThan(MESSAGE_BYTES_MAX - ADDED_BYTES)
    // eventType, timestamp, the trace, and what a redrive counts
    expect(definition.attributes.length + 4).toBeLessThanOrEqual(MESSAGE_ATTRIBUTES_MAX)
  },
)

test('splits into as few parts as possible, in order, none too large', () => {
  const things = Array.from({ length: 100 }, (_, index) => ({ index, text: LONG.repeat(10) }))
  const parts = inParts(things, 1_000)
  expect(parts.flatMap((part) => part.things)).toEqual(things)
  expect(parts.map(({ part, parts: all }) => [part, all])).toEqual(
    parts.map((_, index) => [index + 1, parts.length]),
  )
  for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part.things))).toBeLessThanOrEqual(1_001)
  expect(parts.length).toBeLessThan(8)
  expect(inParts(things)).toHaveLength(1)
  expect(inParts([])).toEqual([{ part: 1, parts: 1, things: [] }])
  expect(inParts([{ text: LONG.repeat(1_000) }], 10)).toHaveLength(1)
})
