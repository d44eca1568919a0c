import type { Known } from '../mails/template.ts'
import type { Fault, Placeholder } from './placeholders.ts'

/** Placeholders that a type of ours has no value for. */
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
      return placeholder.isUrl && !IS_LINK.test(name) ? [{ line, what: `${name} is no link` }] : []
    const otherwise = unknownPlaceholders(placeholder.otherwise, scopes)
    if (kind === 'choice') return [...unknownPlaceholders(placeholder.nodes, scopes), ...otherwise]
    if (found === 'TEXT') return [{ line, what: `${name} is no list` }]
    return [...unknownPlaceholders(placeholder.nodes, [found, ...scopes]), ...otherwise]
  })
}

/** What our values that are links are called: any other would be refused each time that it is filled in. */
const IS_LINK = /^url$|Url$/
