import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { step } from '../report.ts'

const CACHE = path.resolve(import.meta.dirname, '../../../../../.boxoffice/bench/npm')

/**
 * Installs packages that only a comparison needs into a folder outside the workspace, once, because they are
 * large. Returns the folder, from which a program can resolve them. Rejects with npm's output if the
 * registry does not have them.
 */
export async function installForComparison(
  name: string,
  packages: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = path.join(CACHE, name)
  const manifest = JSON.stringify({ private: true, type: 'module', dependencies: packages })
  const stamp = path.join(folder, `installed-${Buffer.from(manifest).toString('base64url').slice(-24)}`)
  if (existsSync(stamp)) return folder
  step(`installing ${Object.keys(packages).join(', ')} for comparison`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), manifest)
  await promisify(execFile)(
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'],
    {
      cwd: folder,
    },
  )
  writeFileSync(stamp, '')
  return folder
}
