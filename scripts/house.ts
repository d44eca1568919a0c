import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { figuresOf, tableOf } from './house/figures.ts'
import { readTree } from './house/tree.ts'
import { wrapProse } from './house/wrap.ts'
import { wrapComments } from './house/wrap-comments.ts'
import { root } from './imports.ts'

const USAGE = `npm run house [-- [options] [revision]]
  e2c716b        the figures of that revision beside those of the working tree
  --found=SQL    and what is counted by the figures whose name has this word
  --wrap         wraps the prose and the comments of the working tree first`

// Prints figures about the code (docs/architecture.md): how often its rules are broken, and how far features
// reach.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    found: { type: 'string' },
    wrap: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
if (values.wrap) {
  for (const [file, text] of readTree()) {
    const wrapped = file.endsWith('.md') ? wrapProse(text) : wrapComments(text)
    if (wrapped !== text) writeFileSync(path.join(root, file), wrapped)
  }
}
const [revision] = positionals
const now = figuresOf(readTree())
console.log(
  tableOf(now, revision === undefined ? undefined : { revision, figures: figuresOf(readTree(revision)) }),
)
for (const { name, found } of values.found === undefined
  ? []
  : now.filter(({ name }) => name.includes(values.found ?? '')))
  console.log([`\n${name}`, ...found].join('\n  '))
