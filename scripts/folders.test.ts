import { expect, test } from 'vitest'
import { folderCircles, importersOfDependencies } from './house/circles.ts'
import { hasStraySql } from './house/figures.ts'
import { longLinesByKind, longProse } from './house/lines.ts'
import { longFunctions } from './house/syntax.ts'
import { readTree } from './house/tree.ts'
import { importsOf, isTest } from './imports.ts'

// Checks the rules about folders and the contents of files (docs/architecture.md). `npm run house` counts the
// other figures.
const tree = readTree()
const code = [...tree].filter(([file]) => file.endsWith('.ts') && !isTest(file))

test('no two folders of a package or service import each other, types included', () => {
  const circles = folderCircles(tree)
  expect(circles.map((folders) => folders.join(' ⇄ '))).toEqual([])
})

test('features declare their dependencies: only files that build the service import them', () => {
  expect(importersOfDependencies(tree)).toEqual([])
})

test('only repositories contain SQL', () => {
  expect(code.filter(([file, text]) => hasStraySql(file, text)).map(([file]) => file)).toEqual([])
})

// A service file without async code is pure logic: data in, data out. Files that open connections, read the
// environment or forward requests are async or wiring. The one exception reads files that are installed with
// the service, once.
test('a file without async code imports no I/O', () => {
  const node = 'node:(fs|net|http|https|child_process|worker_threads)(/.*)?'
  const io = new RegExp(`^(pg|ioredis|undici|stripe|${node}|@aws-sdk/.*|@prisma/.*)$`)
  const waits = /\b(async|await|Promise|Worker)\b/
  const wiring = /\/(main|config|dependencies|app|workers|peers|installed-files)\.ts$/
  const bad = [...tree]
    .filter(
      ([file, text]) =>
        /^services\/.*\.ts$/.test(file) && !isTest(file) && !waits.test(text) && !wiring.test(file),
    )
    .flatMap(([file, text]) => importsOf(file, text, { types: false }).map((name) => ({ file, name })))
    .filter(({ name }) => io.test(name))
  expect(bad.map(({ file, name }) => `${file} imports ${name}`)).toEqual([])
})

test('prose lines have at most 100 columns', () => {
  const prose = [...tree].filter(([file]) => file.endsWith('.md'))
  expect(prose.flatMap(([file, text]) => longProse(text).map((line) => `${file}:${line}`))).toEqual([])
})

test('functions have fewer than 70 lines, not counting comments', () => {
  const found = code.flatMap(([file, text]) => longFunctions(file, text))
  expect(found.map(({ file, line, name, lines }) => `${file}:${line} ${name}: ${lines} lines`)).toEqual([])
})

// The formatter does not break literals, titles of tests and comments.
test.each(['code', 'comments'] as const)('lines of %s have at most 110 columns', (kind) => {
  const found = [...tree]
    .filter(([file]) => file.endsWith('.ts'))
    .flatMap(([file, text]) => longLinesByKind(text)[kind].map((line) => `${file}:${line}`))
  expect(found).toEqual([])
})
