import { expect, test } from 'vitest'
import { folderCircles, importersOfDependencies } from './house/circles.ts'
import { hasStraySql } from './house/figures.ts'
import { CODE_COLUMNS, longLines, longProse } from './house/lines.ts'
import { longFunctions } from './house/syntax.ts'
import { readTree } from './house/tree.ts'
import { importsOf, isTest } from './imports.ts'

// The rules of the house about its folders and what a file may hold (docs/architecture.md). `npm run house`
// counts the rest.
const tree = readTree()
const code = [...tree].filter(([file]) => file.endsWith('.ts') && !isTest(file))

test('no two folders of a room import each other, types included', () => {
  const circles = folderCircles(tree)
  expect(circles.map((folders) => folders.join(' ⇄ '))).toEqual([])
})

test('a feature states what it needs: only what builds the service imports dependencies.ts', () => {
  expect(importersOfDependencies(tree)).toEqual([])
})

test('SQL stands in repositories alone', () => {
  expect(code.filter(([file, text]) => hasStraySql(file, text)).map(([file]) => file)).toEqual([])
})

// A file of a service that never waits decides something: its input is data, and so is what it gives. What
// opens connections, reads the environment or hands a request on waits, or is made to be waited for. The one
// exception reads files that were installed with the service, once.
test('a file that waits for nothing imports no input and output', () => {
  const io =
    /^(pg|ioredis|undici|stripe|node:(fs|net|http|https|child_process|worker_threads)(\/.*)?|@aws-sdk\/.*|@prisma\/.*)$/
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

test('prose has lines of 100 columns at most', () => {
  const prose = [...tree].filter(([file]) => file.endsWith('.md'))
  expect(prose.flatMap(([file, text]) => longProse(text).map((line) => `${file}:${line}`))).toEqual([])
})

test('functions are under 70 lines, without comments', () => {
  const found = code.flatMap(([file, text]) => longFunctions(file, text))
  expect(found.map(({ file, line, name, lines }) => `${file}:${line} ${name}: ${lines} lines`)).toEqual([])
})

test('comments have lines of 110 columns at most', () => {
  const bad = [...tree]
    .filter(([file]) => file.endsWith('.ts'))
    .flatMap(([file, text]) => {
      const lines = text.split('\n')
      const isComment = (line: number) => /^\s*(\/\/|\/?\*)/.test(lines[line - 1] ?? '')
      return longLines(text, CODE_COLUMNS)
        .filter(isComment)
        .map((line) => `${file}:${line}`)
    })
  expect(bad).toEqual([])
})
