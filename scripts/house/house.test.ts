import { describe, expect, test } from 'vitest'
import { circlesOf, folderCircles, importersOfDependencies, reachOf } from './circles.ts'
import { hasStraySql, tableOf } from './figures.ts'
import { longLines, longLinesByKind, longProse, splitWords } from './lines.ts'
import { longFunctions, sqlLines } from './syntax.ts'
import { readTree, textsOf } from './tree.ts'
import { countWords } from './words.ts'
import { wrapProse } from './wrap.ts'
import { wrapComments } from './wrap-comments.ts'

const tree = (files: Record<string, string>) => new Map(Object.entries(files))

describe('circles', () => {
  test('two folders that import each other are a circle, even through types only', () => {
    const files = {
      'services/a/src/x/one.ts': "import type { Two } from '../y/two.ts'\n",
      'services/a/src/y/two.ts': "import { three } from '../x/three.ts'\n",
      'services/a/src/x/three.ts': '',
    }
    expect(folderCircles(tree(files))).toEqual([['services/a/src/x', 'services/a/src/y']])
  })
  test('neither tests nor files directly in src close a circle', () => {
    const files = {
      'services/a/src/app.ts': "import { one } from './x/one.ts'\n",
      'services/a/src/x/one.ts': "import type { App } from '../app.ts'\nimport { two } from '../y/two.ts'\n",
      'services/a/src/y/two.test.ts': "import { one } from '../x/one.ts'\n",
      'services/a/src/y/two.ts': '',
    }
    expect(folderCircles(tree(files))).toEqual([])
  })
  test('two circles are counted separately, and a chain of folders is none', () => {
    const edges = { a: ['b'], b: ['c', 'a'], c: ['d'], d: ['e', 'c'], e: [] }
    expect(circlesOf(new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)])))).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })
  test('a feature that imports dependencies.ts is found, and a file directly in src is not', () => {
    const files = {
      'services/a/src/x/one.ts': "import type { Dependencies } from '../dependencies.ts'\n",
      'services/a/src/app.ts': "import type { Dependencies } from './dependencies.ts'\n",
    }
    expect(importersOfDependencies(tree(files))).toEqual(['services/a/src/x/one.ts'])
  })
  test('a file reaches itself and everything it imports, directly or indirectly', () => {
    const files = tree({
      'services/a/src/x/one.ts': "import { two } from './two.ts'\nimport pg from 'pg'\n",
      'services/a/src/x/two.ts': "import type { Three } from './three.ts'\n",
      'services/a/src/x/three.ts': "import { one } from './one.ts'\n",
    })
    expect(reachOf(files, 'services/a/src/x/one.ts', { types: true })).toHaveLength(3)
    expect(reachOf(files, 'services/a/src/x/one.ts', { types: false })).toHaveLength(2)
  })
})

describe('syntax', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `  call(${index})\n`).join('')
  test('a function of 70 lines is long, not counting comments and blank lines', () => {
    expect(longFunctions('a.ts', `const a = () => {\n${lines(68)}}\n`)).toEqual([
      { file: 'a.ts', name: 'a', line: 1, lines: 70 },
    ])
    expect(longFunctions('a.ts', `function a() {\n\n  // why\n${lines(67)}}\n`)).toEqual([])
  })
  test.each([
    '`select 1`',
    '`\n  update orders o set a = 1`',
    "'Delete from a'",
    '`with x as (select 1) select 1`',
  ])('%s is SQL', (text) => expect(sqlLines(`const a = 1\nconst b = ${text}\n`)).toEqual([2]))
  test.each(["'select'", "'Update your address'", "'with a name'", "// 'select 1'\n0", '`selected `'])(
    '%s is not',
    (text) => expect(sqlLines(`const a = ${text}\n`)).toEqual([]),
  )
  test('SQL is allowed in repositories, and outside services', () => {
    expect(hasStraySql('services/a/src/x/one.ts', "query('select 1')")).toBe(true)
    expect(hasStraySql('services/a/src/x/one-repository.ts', "query('select 1')")).toBe(false)
    expect(hasStraySql('packages/a/src/one.ts', "query('select 1')")).toBe(false)
  })
})

describe('lines', () => {
  test('columns are characters', () => {
    expect(longLines('äää\nääää', 3)).toEqual([2])
  })
  test('long lines are found in code, literals and trailing comments, and apart in comments', () => {
    const long = 'x'.repeat(110)
    const text = [
      `// ${long}`,
      ` * ${long}`,
      `const a = 1 // ${long}`,
      `const b = '${long}'`,
      '`',
      ` ${long}`,
      '`',
      long,
    ]
    expect(longLinesByKind(text.join('\n'))).toEqual({ code: [3, 4, 6], comments: [1, 2] })
  })
  test('long prose lines are found, except in tables, code, headings and unwrappable lines', () => {
    const long = 'word '.repeat(30)
    const text = [
      '',
      long,
      `| ${long}|`,
      '```',
      long,
      '```',
      `# ${long}`,
      `[a](https://${'x'.repeat(100)})`,
      `- ${long}`,
    ]
    expect(longProse(text.join('\n'))).toEqual([2, 9])
  })
  test('a link and a code span are one word', () => {
    expect(splitWords('see [two words](a b) and `c d`, so')).toEqual([
      'see',
      '[two words](a b)',
      'and',
      '`c d`,',
      'so',
    ])
  })
})

describe('wrapping', () => {
  test('paragraphs and list items with a long line are wrapped, and keep their words', () => {
    const text = `${'word '.repeat(30).trim()}\nmore\n\n- ${'item '.repeat(30).trim()}\n`
    const wrapped = wrapProse(text)
    expect(longProse(wrapped)).toEqual([])
    expect(wrapped.split('\n').filter((line) => line.startsWith('  item'))).toHaveLength(1)
    expect(wrapped.replaceAll(/\s+/g, ' ')).toBe(text.replaceAll(/\s+/g, ' '))
    expect(wrapProse(wrapped)).toBe(wrapped)
  })
  test('short lines, tables, code and hard line breaks stay unchanged', () => {
    const long = 'word '.repeat(30).trim()
    const text = ['short', 'lines', '', `| ${long} |`, '```', long, '```', `${long}  `, 'end'].join('\n')
    expect(wrapProse(text)).toBe(text)
  })
  test('no wrapped line begins with the markup of a list or a heading', () => {
    const text = `${'x'.repeat(98)} - ${'# y '.repeat(40)}`
    expect(
      wrapProse(text)
        .split('\n')
        .filter((line) => /^[-#] /.test(line)),
    ).toEqual([])
  })
})

describe('wrapping comments', () => {
  const words = 'word '.repeat(30).trim()
  test('a long comment line is wrapped with its paragraph, and a one-line docstring becomes a block', () => {
    expect(
      wrapComments(`  // ${words}\n  // end\n  const a = 1`)
        .split('\n')
        .map((line) => line.slice(0, 9)),
    ).toEqual(['  // word', '  // word', '  const a'])
    const doc = wrapComments(`/** ${words} */\nconst a = 1`)
    expect(doc).toMatch(/^\/\*\*\n \* word.*\n \* word.*\n \*\/\nconst a = 1$/)
    expect(wrapComments(doc)).toBe(doc)
  })
  test('code, strings and trailing comments stay unchanged', () => {
    const text = `const a = '${words}'\nb() // ${words}\n// short\n// biome-ignore x: ${words}`
    expect(wrapComments(text)).toBe(text)
  })
})

test('words are counted in prose and in names', () => {
  const counts = countWords('A wish of mergeWishes; nobody was told, whoever wished.')
  expect([counts.get('wish'), counts.get('told'), counts.get('whoever, somebody, nobody')]).toEqual([3, 1, 2])
})

test('the output of git for several files is parsed, including empty files', () => {
  expect(textsOf(Buffer.from('abc blob 3\nä\n\ndef blob 0\n\n'))).toEqual(['ä\n', ''])
})

test('a revision is read without a checkout', () => {
  expect(readTree('HEAD').get('packages/service-kit/src/index.ts')).toContain('export')
})

test('the table shows earlier figures next to the current ones', () => {
  const now = [{ name: 'circles', count: 0, found: [] }]
  const figures = [{ name: 'circles', count: 12, found: [] }]
  expect(tableOf(now)).toBe('         now\ncircles    0')
  expect(tableOf(now, { revision: 'abc', figures })).toBe('         abc  now\ncircles   12    0')
})
