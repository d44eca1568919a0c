import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const ROOT = path.join(import.meta.dirname, '..')

/** Each `"title"` that a row quotes, with the test file linked before it. */
function quotesOf(page: string): { file: string; title: string }[] {
  const quotes: { file: string; title: string }[] = []
  for (const row of page.split('\n').filter((line) => line.startsWith('|'))) {
    let file: string | undefined
    for (const [, linked, title] of row.matchAll(/\]\(([^)]+)\)|"([^"]+)"(?=[,; ]|\s*\|)/g)) {
      if (linked) file = linked.replace(/^\.\.\//, '')
      else if (file?.endsWith('.test.ts') && title) quotes.push({ file, title })
    }
  }
  return quotes
}
const plain = (text: string) =>
  text
    .replace(/\\(['`"])/g, '$1')
    .replaceAll('’', "'")
    .replace(/\s+/g, ' ')

test('every test that docs/reference.md quotes exists', () => {
  const quotes = quotesOf(readFileSync(path.join(ROOT, 'docs/reference.md'), 'utf8'))
  expect(quotes.length).toBeGreaterThan(300)
  const missing = quotes.filter(({ file, title }) => {
    const at = path.join(ROOT, file)
    return !existsSync(at) || !plain(readFileSync(at, 'utf8')).includes(plain(title))
  })
  expect(missing).toEqual([])
})
