import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { describeBuild, lookAgain } from './built.ts'
import { findProgram, prepareProgram, programArguments } from './program.ts'
import { PROGRAMS, ROOT } from './workspace.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-programs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const AUTH = path.join(ROOT, 'services/auth/src/main.ts')

/** How Node.js ends without a configuration. */
const failure = (args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { env: {} }, (_error, _stdout, stderr) => resolve(stderr))
  })
const framesOf = (stderr: string) =>
  [...stderr.matchAll(/(?:packages|services)\/[\w./-]+\.ts:\d+/g)].map(([frame]) => frame)

test('a program is built once, and a stack names the files and lines of its sources', async () => {
  const built = await prepareProgram(AUTH)
  expect(path.relative(PROGRAMS, built.file)).toMatch(/^[0-9a-f]{16}\/services\/auth\/src\/main\.js$/)
  expect(findProgram(AUTH)).toEqual(built)
  const [fromBundle, fromSource] = await Promise.all([failure(programArguments(AUTH)), failure([AUTH])])
  expect(fromBundle).toContain('DATABASE_URL')
  expect(framesOf(fromBundle).length).toBeGreaterThan(1)
  expect(new Set(framesOf(fromSource))).toEqual(new Set(framesOf(fromBundle)))
}, 120_000)

test("a test's own program runs unbuilt", () => {
  const file = path.join(folder, 'services/auth/src/main.ts')
  expect(programArguments(file)).toEqual([file])
  expect(findProgram(file)).toEqual({ file })
})

test('a changed or deleted file makes a build stale, a touched one does not', () => {
  mkdirSync(path.join(folder, 'src'))
  const write = (content: string) => writeFileSync(path.join(folder, 'src/a.ts'), content)
  write('first')
  writeFileSync(path.join(folder, 'src/b.ts'), 'other')
  const build = describeBuild([], ['src/a.ts', 'src/b.ts'], folder)
  expect(lookAgain(build.inputs, folder)).toEqual({ inputs: build.inputs, touched: false })

  utimesSync(path.join(folder, 'src/a.ts'), new Date(0), new Date(0))
  expect(lookAgain(build.inputs, folder)?.touched).toBe(true)
  expect(describeBuild([], ['src/b.ts', 'src/a.ts'], folder).hash).toBe(build.hash)

  write('FIRST') // as long as before
  expect(lookAgain(build.inputs, folder)).toBeNull()
  expect(describeBuild([], ['src/a.ts', 'src/b.ts'], folder).hash).not.toBe(build.hash)
  write('first')
  expect(lookAgain(build.inputs, folder)).not.toBeNull()
  rmSync(path.join(folder, 'src/b.ts'))
  expect(lookAgain(build.inputs, folder)).toBeNull()
})
