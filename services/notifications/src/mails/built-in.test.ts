import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { textedTypes } from '../preferences/preference.ts'
import { textsKnown } from '../texts/text-values.ts'
import { replaceableMails } from './built-in.ts'
import type { Known } from './template.ts'

/** Formats placeholders as the page does: `eventName`, `totals[total]`. */
const written = (known: Known): string =>
  Object.entries(known)
    .map(([name, value]) =>
      value === 'TEXT' ? `\`${name}\`` : `\`${name}[${Object.keys(value).join(' ')}]\``,
    )
    .join(' ')

const page = await readFile(new URL('../../../../docs/templates.md', import.meta.url), 'utf8')
const rowsOf = (pattern: RegExp) =>
  [...page.matchAll(pattern)].map(([, name, placeholders]) => [name, placeholders])

test('docs/templates.md lists the placeholders of each of our mails', () => {
  const expected = Object.entries(replaceableMails).map(([name, known]) => [name, written(known)])
  expect(rowsOf(/^\| `([A-Z_]+)` *\| (.+?) *\|$/gm)).toEqual(expected)
})

test('… and of each of our text messages', () => {
  const expected = textedTypes.map((type) => [type, written(textsKnown.get(type) ?? {})])
  expect(rowsOf(/^\| `([A-Z_]+)\.sms` *\| (.+?) *\|$/gm)).toEqual(expected)
})
