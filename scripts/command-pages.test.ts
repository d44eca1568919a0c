import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { pagesFolder } from '../packages/ops/src/framework/page.ts'
import { commandPages } from './command-pages.ts'

test('the pages of the operators’ commands are those of their definitions', () => {
  const folder = path.join(import.meta.dirname, '..', pagesFolder)
  const found = readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')])
  expect(Object.fromEntries(found), 'run `npm run command-pages`').toEqual(Object.fromEntries(commandPages()))
})
