import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { commands, groups } from '../packages/ops/src/commands.ts'
import { pageNameOf, pagesFolder, renderIndex, renderPage } from '../packages/ops/src/framework/page.ts'

/** The pages of the operators' commands by file name. */
export const commandPages = (): ReadonlyMap<string, string> =>
  new Map([
    ['README.md', renderIndex(commands, groups)],
    ...commands.map((command) => [pageNameOf(command), renderPage(command)] as const),
  ])

// `npm run command-pages`: run it and commit the result when a command changes; a test checks it.
if (import.meta.main) {
  const folder = path.join(import.meta.dirname, '..', pagesFolder)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [name, text] of commandPages()) writeFileSync(path.join(folder, name), text)
  console.log(`wrote ${commands.length} pages of commands to ${pagesFolder}`)
}
