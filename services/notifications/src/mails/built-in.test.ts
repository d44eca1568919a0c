import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { replaceableMails } from './built-in.ts'
import type { Known } from './template.ts'

/** As the page writes them: `eventName`, `totals[total]`. */
const written = (known: Known): string =>
  Object.entries(known)
    .map(([name, value]) => (value === 'TEXT' ? `\`${name}\`` : `\`${name}[${Object.keys(value).join(' ')}]\``))
    .join(' ')

test('docs/templates.md has the placeholders of each of our mails, as they are', async () => {
  const page = await readFile(new URL('../../../../docs/templates.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` *\| (.+?) *\|$/gm)].map(([, name, placeholders]) => [name, placeholders])
  expect(rows).toEqual(Object.entries(replaceableMails).map(([name, known]) => [name, written(known)]))
})
