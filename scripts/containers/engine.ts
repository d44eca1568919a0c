import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { openSuite, releaseOf } from './debian.ts'

/** A Docker engine with Compose and buildx. `env` leads every client to it. */
export interface Engine {
  readonly env: Readonly<Record<string, string>>
  /** Versions, for people. */
  readonly about: string
  /** Made here by `makeEngine`: it reaches no image registry. */
  readonly made: boolean
}
/** What undoes what was started: called from the last to the first, at the end or on Ctrl-C. */
export type Undo = (() => Promise<unknown>)[]

/** `start_interval` of health checks. */
const ENGINE_MIN = 25
const START_MS_MAX = 60_000

/** The engine that this machine has already; null where none answers. Rejects where it is too old. */
export async function findEngine(): Promise<Engine | null> {
  const version = await execa('docker', ['version', '--format', '{{.Server.Version}}'], { reject: false })
  if (version.exitCode !== 0) return null
  if (Number.parseInt(version.stdout, 10) < ENGINE_MIN)
    throw new Error(`Docker ${version.stdout} is too old: ${ENGINE_MIN} or later is needed`)
  return { env: {}, about: await aboutOf({}), made: false }
}

/**
 * Downloads an engine into `folder` and starts it there. Nothing is installed: programs are unpacked, and
 * `undo` takes back what the engine did to the machine's network and control groups. Needs root on Debian.
 */
export async function makeEngine(folder: string, undo: Undo): Promise<Engine> {
  const release = releaseOf(await readFile('/etc/os-release', 'utf8').catch(() => ''))
  if (process.getuid?.() !== 0 || !release)
    throw new Error(
      'no Docker engine answers, and one can be made only by root on Debian: ' +
        'start one (`docker info` must work)',
    )
  const bin = await unpackEngine(folder, release)
  const socket = `unix://${folder}/docker.sock`
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    DOCKER_HOST: socket,
    DOCKER_CONFIG: path.join(folder, 'client'),
  }
  const network = await recordNetwork(env)
  const dockerd = execa(
    'dockerd',
    [
      ...['--data-root', path.join(folder, 'data'), '--exec-root', path.join(folder, 'exec')],
      ...['--host', socket, '--pidfile', path.join(folder, 'dockerd.pid')],
    ],
    { env, all: true, reject: false, buffer: { all: true, stdout: false, stderr: false } },
  )
  let ended = false
  void dockerd.then(() => {
    ended = true
  })
  const stop = async () => {
    dockerd.kill('SIGTERM')
    await dockerd
    await network.restore()
    await removeGroups()
    for (const mount of (await mountsBelow(folder)).reverse()) await execa('umount', [mount])
  }
  undo.push(stop)
  const deadline = Date.now() + START_MS_MAX
  while ((await execa('docker', ['version'], { env, reject: false })).exitCode !== 0) {
    if (ended || Date.now() > deadline) {
      dockerd.kill('SIGTERM')
      throw new Error(`the engine did not start:\n${(await dockerd).all}`)
    }
    await sleep(200)
  }
  await giveShare()
  return { env, about: await aboutOf(env), made: true }
}

/** The folder of programs that the engine and its clients are. */
async function unpackEngine(folder: string, release: string): Promise<string> {
  const bin = path.join(folder, 'bin')
  const engine = path.join(folder, 'engine')
  const own = path.join(folder, 'own')
  for (const made of [bin, path.join(folder, 'client/cli-plugins')]) await mkdir(made, { recursive: true })
  // Debian 12 has Docker 20.10. The 26.1 of its next release runs here, as Go programs need little of the
  // system; runc and iptables do not, and come from the machine's own release.
  const next = await openSuite('trixie', path.join(folder, 'trixie'))
  await next.unpack(
    ['docker.io', 'docker-cli', 'containerd', 'docker-compose', 'docker-buildx', 'tini'],
    engine,
  )
  const present = await openSuite(release, path.join(folder, release))
  const libraries = ['libxtables12', 'libnftnl11', 'libmnl0', 'libnfnetlink0', 'libnetfilter-conntrack3']
  await present.unpack(['runc', 'iptables', 'libip4tc2', 'libip6tc2', ...libraries, 'mmdebstrap'], own)

  const links: Record<string, string> = {
    runc: path.join(own, 'usr/sbin/runc'),
    mmdebstrap: path.join(own, 'usr/bin/mmdebstrap'),
    'docker-init': path.join(engine, 'usr/bin/tini-static'),
    '../client/cli-plugins/docker-compose': path.join(
      engine,
      'usr/libexec/docker/cli-plugins/docker-compose',
    ),
    '../client/cli-plugins/docker-buildx': path.join(engine, 'usr/libexec/docker/cli-plugins/docker-buildx'),
  }
  for (const name of ['dockerd', 'docker-proxy']) links[name] = path.join(engine, 'usr/sbin', name)
  for (const name of ['docker', 'containerd', 'containerd-shim-runc-v2'])
    links[name] = path.join(engine, 'usr/bin', name)
  for (const [name, target] of Object.entries(links)) await symlink(target, path.join(bin, name))

  // One program that does what its name says, with the libraries beside it.
  const found = (await execa('find', [path.join(own, 'usr/lib'), '-name', 'libxtables.so.12'])).stdout
  const libraryFolder = path.dirname(found)
  for (const name of ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables']) {
    const file = path.join(bin, name)
    const libraries = `LD_LIBRARY_PATH=${libraryFolder} XTABLES_LIBDIR=${libraryFolder}/xtables`
    await writeFile(
      file,
      `#!/bin/bash\n${libraries} exec -a ${name} ${own}/usr/sbin/xtables-nft-multi "$@"\n`,
    )
    await chmod(file, 0o755)
  }
  return bin
}

/**
 * Remembers rules and forwarding as they are; `restore` brings them back, and removes the engine's bridge.
 */
async function recordNetwork(env: Record<string, string>): Promise<{ restore(): Promise<void> }> {
  const FORWARDING = '/proc/sys/net/ipv4/ip_forward'
  const forwarding = await readFile(FORWARDING, 'utf8')
  const { stdout: rules } = await execa('iptables-save', { env })
  return {
    async restore() {
      // What had no table before is flushed, as restoring changes only the tables that it names.
      for (const table of ['nat', 'filter']) {
        await execa('iptables', ['-t', table, '-F'], { env })
        await execa('iptables', ['-t', table, '-X'], { env })
      }
      await execa('iptables', ['-P', 'FORWARD', 'ACCEPT'], { env })
      await execa('iptables-restore', { env, input: `${rules}\n` })
      await execa('ip', ['link', 'delete', 'docker0'], { reject: false })
      await writeFile(FORWARDING, forwarding)
    },
  }
}

/**
 * With cgroup v1 all containers together weigh as much as one process: on a busy machine nothing would start.
 */
async function giveShare(): Promise<void> {
  const group = '/sys/fs/cgroup/cpu/docker'
  if (!existsSync('/sys/fs/cgroup/cpu')) return
  await mkdir(group, { recursive: true })
  await writeFile(path.join(group, 'cpu.shares'), '10240')
}

/** Removes the empty control groups that the engine and its containers were in. */
async function removeGroups(): Promise<void> {
  const { stdout } = await execa('find', ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', '*/docker*'], {
    reject: false,
  })
  for (const group of stdout.split('\n').filter((line) => line !== ''))
    await execa('rmdir', [group], { reject: false })
}

async function mountsBelow(folder: string): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n')
  return mounts.flatMap((line) => {
    const [, target = ''] = line.split(' ')
    return target.startsWith(`${folder}/`) ? [target] : []
  })
}

async function aboutOf(env: Record<string, string>): Promise<string> {
  const { stdout: engine } = await execa('docker', ['version', '--format', '{{.Server.Version}}'], { env })
  const { stdout: compose } = await execa('docker', ['compose', 'version', '--short'], { env })
  return `Docker ${engine}, Compose ${compose}`
}
