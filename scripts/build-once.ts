import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { type Built, buildProgram } from './build-program.ts'
import type { ProgramName } from './program-list.ts'

const ROOT = path.join(import.meta.dirname, '..')
const IMAGES = path.join(ROOT, 'node_modules/.cache/boxoffice/images')
/** The inputs of a build, including the build scripts. */
const INPUTS = ['packages', 'services', 'scripts/build-*.ts', 'pnpm-lock.yaml', 'package.json']

/** Returns a program built by `buildProgram`, from the cache if its `INPUTS` have not changed. */
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
    // built by another process meanwhile
    if (existsSync(kept) && existsSync(folder)) return JSON.parse(await readFile(kept, 'utf8'))
    await rm(folder, { recursive: true, force: true })
    await rename(path.join(work, 'program'), folder)
    await writeFile(path.join(work, 'built.json'), JSON.stringify(built))
    await rename(path.join(work, 'built.json'), kept) // written last: marks the build as complete
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

/** Removes builds of other source states. */
async function removeOthers(current: string): Promise<void> {
  if (!existsSync(IMAGES) || existsSync(current)) return
  const others = (await readdir(IMAGES)).filter((name) => name !== path.basename(current))
  for (const name of others) await rm(path.join(IMAGES, name), { recursive: true, force: true })
}
