/** A replacement for a valid value; `path` leads to it and is empty for the whole body. */
export interface Mutation {
  readonly what: string
  readonly path: readonly (string | number)[]
  /** The whole body as JSON text. */
  readonly json: string
}

type Path = (string | number)[]

/** JSON has no literal for Infinity, but parsers produce it from this number. */
const TOO_LARGE = '@too-large@'
const DEEP = 5_000
const MANY = 10_000
const LONG = 100_000

/**
 * Text with a special meaning to a terminal, a spreadsheet, a browser, a database, a file system or a
 * parser.
 */
export const hostileTexts = {
  'control characters': 'a\u0000b\u0007\u001b[2J\r\nSet-Cookie: x',
  'a lone surrogate': 'a\ud800b',
  'a formula': '=HYPERLINK("http://evil.example","pay")',
  script: '"><script>alert(1)</script>',
  'the year zero': '0000-01-01T00:00:00Z',
  'the end of years': '9999-12-31T23:59:59-01:00',
  SQL: "'; drop table users; --",
  'path traversal': '../../../../etc/passwd%00',
  'a template': '{{constructor.constructor("return process")()}}#{7*7}',
} as const
export type HostileText = keyof typeof hostileTexts

/** Returns every invalid variant of a valid JSON value, one change at a time. */
export function* mutationsOf(good: unknown): Generator<Mutation> {
  for (const path of pathsOf(good)) {
    const value = at(good, path)
    for (const [what, instead] of replacements(value)) {
      if (path.length > 0 || what !== 'unknown') yield { what, path, json: textOf(put(good, path, instead)) }
    }
    if (isObject(value)) {
      yield {
        what: 'unknown',
        path: [...path, 'surprise'],
        json: textOf(put(good, [...path, 'surprise'], 1)),
      }
      yield { what: 'polluting', path, json: textOf(good, path) }
    }
    if (path.length > 0 && typeof path.at(-1) === 'string')
      yield { what: 'missing', path, json: textOf(without(good, path)) }
  }
}

function* replacements(value: unknown): Generator<[string, unknown]> {
  const kinds = [null, true, 7, -1, 0.001, '', 'x', [], {}, [[]]]
  for (const other of kinds)
    if (kindOf(other) !== kindOf(value)) yield [`mistyped as ${JSON.stringify(other)}`, other]
  yield ['nested deeply', nested()]
  if (typeof value === 'string') {
    yield ['oversized', 'x'.repeat(LONG)]
    yield* Object.entries(hostileTexts)
  }
  if (typeof value === 'number') {
    for (const number of [-1, 0.001, 1e308, Number.MAX_SAFE_INTEGER + 2]) yield [`${number}`, number]
    yield ['1e400', TOO_LARGE]
  }
  if (Array.isArray(value)) {
    yield ['empty', []]
    yield ['huge', Array.from({ length: MANY }, () => value[0] ?? 1)]
  }
}

function nested(): unknown {
  let value: unknown = 1
  for (let depth = 0; depth < DEEP; depth++) value = [value]
  return value
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const kindOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

function* pathsOf(value: unknown, base: Path = []): Generator<Path> {
  yield base
  if (Array.isArray(value)) for (const index of value.keys()) yield* pathsOf(value[index], [...base, index])
  else if (isObject(value)) for (const key of Object.keys(value)) yield* pathsOf(value[key], [...base, key])
}

const at = (value: unknown, path: Path): unknown => path.reduce((part, key) => (part as never)[key], value)

function put(value: unknown, path: Path, instead: unknown): unknown {
  if (path.length === 0) return instead
  const copy = structuredClone(value)
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, unknown>
  parent[path.at(-1) as string] = instead
  return copy
}

function without(value: unknown, path: Path): unknown {
  const copy = structuredClone(value)
  delete (at(copy, path.slice(0, -1)) as Record<string | number, unknown>)[path.at(-1) as string]
  return copy
}

/** Serialises to JSON; the object at `polluted` gets a `__proto__` member that no literal can express. */
function textOf(value: unknown, polluted?: Path): string {
  const marked = polluted ? put(value, [...polluted, '@proto@'], { polluted: true }) : value
  return JSON.stringify(marked).replaceAll(`"${TOO_LARGE}"`, '1e400').replaceAll('"@proto@"', '"__proto__"')
}
