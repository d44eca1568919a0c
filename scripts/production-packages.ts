import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'

type Versions = Record<string, string>
interface Lockfile {
  importers: Record<
    string,
    { dependencies?: Record<string, { version: string }>; devDependencies?: Record<string, unknown> }
  >
  packages: Record<string, { peerDependencies?: Versions }>
  snapshots: Record<string, { dependencies?: Versions; optionalDependencies?: Versions }>
}

/**
 * Reads the lockfile; the returned function gives the names of all npm packages that a package or service
 * (`services/auth`) needs in production, directly and transitively. Optional peers that are installed only
 * for development are left out (such as Prisma's command line, a peer of its client).
 */
export function loadProductionPackages(root: string): (room: string) => Set<string> {
  const lockfile: Lockfile = parse(readFileSync(path.join(root, 'pnpm-lock.yaml'), 'utf8'))
  return (room) => packagesOf(lockfile, room)
}

function packagesOf({ importers, packages, snapshots }: Lockfile, room: string): Set<string> {
  const development = new Set(Object.keys(importers[room]?.devDependencies ?? {}))
  const names = new Set<string>()
  const done = new Set<string>()

  const visitRoom = (folder: string): void => {
    if (done.has(folder)) return
    done.add(folder)
    for (const [name, { version }] of Object.entries(importers[folder]?.dependencies ?? {})) {
      if (version.startsWith('link:')) visitRoom(path.posix.join(folder, version.slice('link:'.length)))
      else visit(name, version)
    }
  }
  const visit = (name: string, version: string): void => {
    const key = version in snapshots ? version : `${name}@${version}` // an alias is written in full
    if (done.has(key)) return
    done.add(key)
    names.add(name)
    const { dependencies, optionalDependencies } = snapshots[key] ?? {}
    const peers = packages[key.replace(/\(.*/, '')]?.peerDependencies ?? {}
    for (const [needed, of] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      if (!(needed in peers && development.has(needed))) visit(needed, of)
    }
  }
  visitRoom(room)
  return names
}
