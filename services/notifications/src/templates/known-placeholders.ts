import type { Known } from '../mails/template.ts'
import type { Fault, Placeholder } from './placeholders.ts'

/** Returns the placeholders that a type has no value for. */
export function unknownPlaceholders(placeholders: readonly Placeholder[], scopes: readonly Known[]): Fault[] {
  return placeholders.flatMap((placeholder): Fault[] => {
    const { kind, line, path } = placeholder
    const scope = scopes[path.up]
    const [name = '', ...more] = path.parts
    const found = scope && more.length === 0 && Object.hasOwn(scope, name) ? scope[name] : undefined
    const names = Object.keys(scope ?? {}).join(', ')
    if (found === undefined)
      return [{ line, what: `there is no ${path.parts.join('.') || 'this'}, only ${names}` }]
    if (kind === 'text' && found !== 'TEXT')
      return [{ line, what: `${name} is a list: write {{#each ${name}}}` }]
    if (kind === 'text')
      return placeholder.isUrl && !IS_LINK.test(name) ? [{ line, what: `${name} is not a link` }] : []
    const otherwise = unknownPlaceholders(placeholder.otherwise, scopes)
    if (kind === 'choice') return [...unknownPlaceholders(placeholder.nodes, scopes), ...otherwise]
    if (found === 'TEXT') return [{ line, what: `${name} is not a list` }]
    return [...unknownPlaceholders(placeholder.nodes, [found, ...scopes]), ...otherwise]
  })
}

/** Names of our values that are links; any other would always be refused as a link. */
const IS_LINK = /^url$|Url$/
