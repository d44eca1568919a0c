import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { inheritedEnvironment } from '../config.ts'

/** A server program, with the folders of its libraries if it was not installed. */
export interface RedisBinary {
  file: string
  env: Record<string, string>
}

const CACHE = path.resolve(import.meta.dirname, '../../../../node_modules/.cache/boxoffice/redis')
const VERSION_MIN = 7
const SAY_AFTER_MS = 5_000

/**
 * Finds a Redis server: `REDIS_SERVER_BIN`, `valkey-server` or `redis-server` on PATH, or Debian's own
 * packages unpacked into a cache folder, which needs no root. Throws one sentence that says how to install
 * it.
 */
export async function findRedis(log: (line: string) => void = () => {}): Promise<RedisBinary> {
  const chosen = inheritedEnvironment.REDIS_SERVER_BIN
  if (chosen) {
    if (await works({ file: chosen, env: {} })) return { file: chosen, env: {} }
    throw new Error(
      `REDIS_SERVER_BIN is ${chosen}, which is not a Redis server of version ${VERSION_MIN} or later`,
    )
  }
  for (const name of ['valkey-server', 'redis-server']) {
    if (await works({ file: name, env: {} })) return { file: name, env: {} }
  }
  const cached = await unpacked(CACHE)
  if (await works(cached)) return cached
  if (process.platform === 'linux' && existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg')) {
    log('downloading Redis (once)')
    const startedAt = performance.now()
    const waited = () => log(`downloading Redis: ${Math.round((performance.now() - startedAt) / 1_000)} s`)
    const saying = setInterval(waited, SAY_AFTER_MS)
    await download()
      .catch((error) => {
        throw new Error(
          `there is no Redis server here and the download failed (${reason(error)}): ${installHint()}`,
        )
      })
      .finally(() => clearInterval(saying))
    const downloaded = await unpacked(CACHE)
    if (await works(downloaded)) return downloaded
  }
  throw new Error(`there is no Redis server here: ${installHint()}`)
}

async function works({ file, env }: RedisBinary): Promise<boolean> {
  const { failed, stdout } = await execa(file, ['--version'], { env, reject: false })
  return !failed && Number(/v=(\d+)/.exec(stdout)?.[1] ?? 0) >= VERSION_MIN
}

/** Returns the server and the library folders below `root`, as `dpkg -x` leaves them. */
async function unpacked(root: string): Promise<RedisBinary> {
  const libraries = path.join(root, 'usr/lib')
  const entries = existsSync(libraries) ? await readdir(libraries, { withFileTypes: true }) : []
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(libraries, entry.name))
  return {
    file: path.join(root, 'usr/bin/redis-server'),
    env: { LD_LIBRARY_PATH: [libraries, ...folders].join(':') },
  }
}

/**
 * Downloads Debian's `redis-server` and its missing dependencies, with apt's lists and cache in private
 * folders.
 */
async function download(): Promise<void> {
  await mkdir(path.dirname(CACHE), { recursive: true })
  const work = await mkdtemp(`${CACHE}-`)
  try {
    const folders = {
      lists: path.join(work, 'lists'),
      archives: path.join(work, 'archives'),
      root: path.join(work, 'root'),
    }
    for (const folder of Object.values(folders))
      await mkdir(path.join(folder, 'partial'), { recursive: true })
    const own = [
      ['Dir::State::Lists', folders.lists],
      ['Dir::Cache', work],
      ['Debug::NoLocking', 'true'],
      ['APT::Sandbox::User', process.getuid?.() === 0 ? 'root' : ''],
    ].flatMap(([name, value]) => ['-o', `${name}=${value}`])
    await execa('apt-get', [...own, '-qq', 'update'], { stdin: 'ignore' })
    const simulated = await execa('apt-get', [
      ...own,
      '-s',
      '--no-install-recommends',
      'install',
      'redis-server',
    ])
    const names = [...simulated.stdout.matchAll(/^Inst (\S+)/gm)].map((match) => String(match[1]))
    await execa('apt-get', [...own, '-qq', 'download', ...names], { cwd: folders.archives, stdin: 'ignore' })
    for (const file of await readdir(folders.archives)) {
      if (file.endsWith('.deb')) await execa('dpkg', ['-x', path.join(folders.archives, file), folders.root])
    }
    await rm(CACHE, { recursive: true, force: true })
    await rename(folders.root, CACHE)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const reason = (error: unknown) => {
  const text =
    error instanceof Error ? ((error as { stderr?: string }).stderr ?? error.message) : String(error)
  return text.trim().split('\n').at(-1)
}

function installHint(): string {
  if (process.platform === 'darwin') return 'install it with `brew install redis`'
  const installers = [
    ['/usr/bin/apt-get', 'sudo apt-get install -y redis-server'],
    ['/usr/bin/dnf', 'sudo dnf install -y valkey'],
    ['/usr/bin/pacman', 'sudo pacman -S valkey'],
    ['/usr/bin/zypper', 'sudo zypper install redis'],
    ['/sbin/apk', 'sudo apk add redis'],
  ] as const
  const line = installers.find(([file]) => existsSync(file))?.[1]
  return line ? `install it with \`${line}\`` : 'install Redis 7 or Valkey, or set REDIS_SERVER_BIN'
}
