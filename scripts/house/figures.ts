import { isTest } from '../imports.ts'
import { folderCircles, importersOfDependencies, reachOf } from './circles.ts'
import { CODE_COLUMNS, FILE_LINES, longLines, longProse } from './lines.ts'
import { longFunctions, sqlLines } from './syntax.ts'
import type { Tree } from './tree.ts'
import { countWords, WORDS } from './words.ts'

/** A row of the table: the name of the figure, the count, and the places found. */
export interface Figure {
  name: string
  count: number
  found: readonly string[]
}

/** Entry points of a feature: the first of these files that exists. */
const FEATURES: Record<string, readonly string[]> = {
  'placing an order': [
    'services/payments/src/orders/place-order.ts',
    'services/payments/src/orders/routes.ts',
  ],
  'holding seats': ['services/tickets/src/reservations/reserve.ts'],
  'sending one mail': ['services/notifications/src/sending/deliver.ts'],
}

/** Code that begins a transaction directly; allowed only in the service kit's `database` and in tools. */
const BEGINS = /\$transaction\(|\bpool\.connect\(|\bquery\(['"`]begin\b|= ['"`]begin\b|\bexec\(['"`]begin\b/

/** Returns the figures in the order in which they are printed. */
export function figuresOf(tree: Tree): Figure[] {
  const code = [...tree].filter(([file]) => file.endsWith('.ts'))
  const own = code.filter(([file]) => !isTest(file))
  const prose = [...tree].filter(([file]) => file.endsWith('.md'))
  return [
    ...circleFigures(tree),
    figure('files of features that import dependencies.ts', importersOfDependencies(tree)),
    figure(
      'files with SQL outside of repositories',
      own.filter(([file, text]) => hasStraySql(file, text)).map(([file]) => file),
    ),
    figure(
      'places that begin a transaction',
      own.flatMap(([file, text]) => places(file, text, BEGINS)),
    ),
    figure(
      `lines of code over ${CODE_COLUMNS} columns`,
      code.flatMap(at(({ text }) => longLines(text, CODE_COLUMNS))),
    ),
    figure('lines of prose over 100 columns', prose.flatMap(at(({ text }) => longProse(text)))),
    figure(
      'functions of 70 lines and more',
      own.flatMap(([file, text]) => longFunctions(file, text).map(named)),
    ),
    figure(
      `files over ${FILE_LINES} lines`,
      own.filter(([, text]) => text.trimEnd().split('\n').length > FILE_LINES).map(([file]) => file),
    ),
    ...reachFigures(tree),
    ...wordFigures([...own, ...prose]),
  ]
}

const figure = (name: string, found: readonly string[]): Figure => ({ name, count: found.length, found })

const at =
  (find: (given: { text: string }) => number[]) =>
  ([file, text]: [string, string]): string[] =>
    find({ text }).map((line) => `${file}:${line}`)

const named = ({ file, line, lines }: { file: string; line: number; lines: number }) =>
  `${file}:${line} (${lines} lines)`

const places = (file: string, text: string, pattern: RegExp) =>
  text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : []))

/** Returns whether a service file contains SQL outside `*-repository.ts`. */
export const hasStraySql = (file: string, text: string): boolean =>
  /^services\/[^/]+\/src\//.test(file) && !file.endsWith('-repository.ts') && sqlLines(text).length > 0

function circleFigures(tree: Tree): Figure[] {
  const circles = folderCircles(tree)
  return [
    figure(
      'circles between folders',
      circles.map((folders) => folders.join(' ⇄ ')),
    ),
    figure('folders in circles', circles.flat()),
  ]
}

const reachFigures = (tree: Tree): Figure[] =>
  Object.entries(FEATURES).flatMap(([name, starts]) => {
    const start = starts.find((file) => tree.has(file))
    return start ? [figure(`files that ${name} reaches`, reachOf(tree, start, { types: true }))] : []
  })

function wordFigures(texts: readonly [string, string][]): Figure[] {
  const counts = texts
    .filter(([file]) => !/^scripts\/house\//.test(file))
    .map(([file, text]) => ({ file, words: countWords(text) }))
  return [...WORDS.keys()].map((word) => ({
    name: `“${word}”`,
    count: counts.reduce((sum, { words }) => sum + (words.get(word) ?? 0), 0),
    found: counts.flatMap(({ file, words }) =>
      (words.get(word) ?? 0) > 0 ? [`${file} (${words.get(word)})`] : [],
    ),
  }))
}

/** Returns the table; earlier figures, if given, are in the first column of numbers. */
export function tableOf(
  now: readonly Figure[],
  before?: { revision: string; figures: readonly Figure[] },
): string {
  const earlier = new Map(before?.figures.map(({ name, count }) => [name, count]))
  const rows = now.map(({ name, count }) => [
    name,
    ...(before ? [String(earlier.get(name) ?? '')] : []),
    String(count),
  ])
  const head = ['', ...(before ? [before.revision] : []), 'now']
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => (column ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[0] ?? 0)))
        .join('  '),
    )
    .join('\n')
}
