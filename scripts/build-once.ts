import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { type Built, buildProgram } from './build-program.ts'
import type { ProgramName } from './program-list.ts'

const ROOT = path.join(import.meta.dirname, '..')
const IMAGES = path.join(ROOT, 'node_modules/.cache/boxoffice/images')
/** What a program is built of, and how. */
const INPUTS = ['packages', 'services', 'scripts/build-*.ts', 'pnpm-lock.yaml', 'package.json']

/**
 * A program as `buildProgram` makes it, or as it was made before from the same contents of all sources: see
 * `INPUTS`.
 */
export async function buildOnce(name: ProgramName): Promise<Built> {
  const folder = path.join(IMAGES, await hashOfInputs(), name)
  const kept = `${folder}.json`
  if (existsSync(kept) && existsSync(folder)) return JSON.parse(await readFile(kept, 'utf8'))
  await removeOthers(path.dirname(folder))
  await mkdir(path.dirname(folder), { recursive: true })
  const work = await mkdtemp(`${folder}-`)
  try {
    const built = { ...(await buildProgram(name, path.join(work, 'program'))), folder }
    if (path.basename(path.dirname(folder)) !== (await hashOfInputs()))
      throw new Error('a source was changed during the build')
    if (existsSync(kept) && existsSync(folder)) return JSON.parse(await readFile(kept, 'utf8')) // another process was faster
    await rm(folder, { recursive: true, force: true })
    await rename(path.join(work, 'program'), folder)
    await writeFile(path.join(work, 'built.json'), JSON.stringify(built))
    await rename(path.join(work, 'built.json'), kept) // all of it is there
    return built
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function hashOfInputs(): Promise<string> {
  const { stdout } = await execa('git', ['ls-files', '-co', '--exclude-standard', '-z', ...INPUTS], {
    cwd: ROOT,
  })
  const files = stdout.split('\0').filter((file) => file !== '' && !/\.test\.ts$|\/test\/|\.md$/.test(file))
  const sum = createHash('sha256')
  for (const file of [...new Set(files)].sort()) {
    if (existsSync(path.join(ROOT, file)))
      sum.update(`\0${file}\0`).update(await readFile(path.join(ROOT, file)))
  }
  return sum.digest('hex').slice(0, 16)
}

/** What was built of other sources is of no more use. */
async function removeOthers(current: string): Promise<void> {
  if (!existsSync(IMAGES) || existsSync(current)) return
  const others = (await readdir(IMAGES)).filter((name) => name !== path.basename(current))
  for (const name of others) await rm(path.join(IMAGES, name), { recursive: true, force: true })
}
