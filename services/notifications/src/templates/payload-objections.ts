import type { Path, Placeholder } from './placeholders.ts'

export interface Objection {
  /** The path of the value, with dots. */
  readonly path: string
  readonly message: string
}

interface Scope {
  readonly value: unknown
  readonly at: readonly string[]
}

/** Returns what these values lack for `placeholders`, without duplicates. */
export function objectionsToValues(placeholders: readonly Placeholder[], values: unknown): Objection[] {
  const found = objectionsWithin(placeholders, [{ value: values, at: [] }])
  return [
    ...new Map(found.map((objection) => [`${objection.path} ${objection.message}`, objection])).values(),
  ]
}

function objectionsWithin(placeholders: readonly Placeholder[], scopes: readonly Scope[]): Objection[] {
  return placeholders.flatMap((placeholder): Objection[] => {
    const { value, at } = resolve(placeholder.path, scopes)
    const object = (message: string) => [{ path: at.join('.'), message }]
    if (placeholder.kind === 'choice') {
      const isChosen = isTrue(value) !== placeholder.negated
      return objectionsWithin(isChosen ? placeholder.nodes : placeholder.otherwise, scopes)
    }
    if (value === undefined || value === null) return object('is missing: the template needs it')
    if (placeholder.kind === 'text') {
      if (typeof value === 'object') return object('must be a text, a number or a boolean')
      return placeholder.isUrl && !isWebAddress(String(value))
        ? object('must be a link that begins with https:// or http://')
        : []
    }
    if (!Array.isArray(value)) return object('must be a list')
    if (value.length === 0) return objectionsWithin(placeholder.otherwise, scopes)
    return value.flatMap((item, index) =>
      objectionsWithin(placeholder.nodes, [{ value: item, at: [...at, String(index)] }, ...scopes]),
    )
  })
}

function resolve({ up, parts }: Path, scopes: readonly Scope[]): Scope {
  const scope = scopes[up] ?? { value: undefined, at: [] }
  return parts.reduce<Scope>(
    ({ value, at }, name) => ({ value: ownOf(value, name), at: [...at, name] }),
    scope,
  )
}

/** Reads a property as Handlebars does, including the length of a list. */
const ownOf = (value: unknown, name: string): unknown =>
  value !== undefined && value !== null && Object.hasOwn(Object(value), name)
    ? (value as Record<string, unknown>)[name]
    : undefined

/** Evaluates a value as Handlebars' `if` does. */
const isTrue = (value: unknown) => Boolean(value) && !(Array.isArray(value) && value.length === 0)

const isWebAddress = (text: string) => /^https?:\/\//i.test(text) && URL.canParse(text)
