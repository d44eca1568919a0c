import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'

const MIRROR = 'http://deb.debian.org/debian'

/** A suite of Debian whose packages can be downloaded without being this machine's own. */
export interface Suite {
  /** Downloads packages by name, without what they depend on, and unpacks them into `root`. */
  unpack(packages: readonly string[], root: string): Promise<void>
}

/**
 * Reads the package lists of a suite (`trixie`) into `folder`. Nothing is installed, and the machine's own
 * lists and caches are left alone. Rejects where apt fails.
 */
export async function openSuite(suite: string, folder: string): Promise<Suite> {
  const lists = path.join(folder, 'lists')
  const downloads = path.join(folder, 'downloads')
  for (const made of [path.join(lists, 'partial'), path.join(folder, 'cache/archives/partial'), downloads])
    await mkdir(made, { recursive: true })
  const sources = path.join(folder, 'sources.list')
  await writeFile(
    sources,
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${MIRROR} ${suite} main\n`,
  )
  const settings = {
    'APT::Sandbox::User': 'root',
    'Dir::State::Lists': lists,
    'Dir::Cache': path.join(folder, 'cache'),
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  await execa('apt-get', [...options, 'update'])
  return {
    async unpack(packages, root) {
      const cwd = path.join(downloads, path.basename(root))
      await mkdir(cwd, { recursive: true })
      await execa('apt-get', [...options, 'download', ...packages], { cwd })
      for (const file of await readdir(cwd)) await execa('dpkg', ['-x', path.join(cwd, file), root])
    },
  }
}

/** The release of this machine, `bookworm`; null where it is no Debian. */
export function releaseOf(osRelease: string): string | null {
  const { ID, VERSION_CODENAME } = Object.fromEntries(
    osRelease.split('\n').map((line) => line.replaceAll('"', '').split('=')),
  ) as Record<string, string>
  return ID === 'debian' && VERSION_CODENAME ? VERSION_CODENAME : null
}
