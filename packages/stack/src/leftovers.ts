import { existsSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findRunning, isStopping, stopByPidFile } from './pid-file.ts'
import { stopPostgres } from './postgres.ts'
import { stopRedis } from './redis/redis.ts'

/** A killed process may have children, or a parent, that are just noticing it. */
const ENDING_MS_MAX = 3_000
const SAY_AFTER_MS = 5_000

/** Where everything of one system is stored. */
export const layout = (folder: string) => ({
  postgres: path.join(folder, 'postgres'),
  redis: path.join(folder, 'redis'),
  aws: path.join(folder, 'aws'),
  mails: path.join(folder, 'mailbox', 'mails.jsonl'),
  sms: path.join(folder, 'sms', 'messages.jsonl'),
  sandbox: path.join(folder, 'sandbox.sqlite'),
  /** The supervisor's: there is one per folder. */
  supervisorPid: path.join(folder, 'supervisor.pid'),
  pidFile: (name: string) => path.join(folder, 'run', `${name}.pid`),
  logFile: (name: string) => path.join(folder, 'logs', `${name}.log`),
})

/** Signals PostgreSQL and Redis of `folder` to end, without waiting: for a process that must end at once. */
export function abandonStores(folder: string): void {
  const { postgres, redis } = layout(folder)
  const postmaster = path.join(postgres, 'postmaster.pid')
  const pids = [
    findRunning(`${redis}.pid`),
    existsSync(postmaster) && Number.parseInt(readFileSync(postmaster, 'utf8'), 10),
  ]
  for (const pid of pids) {
    try {
      if (pid) process.kill(pid, 'SIGINT')
    } catch {
      // it has ended
    }
  }
}

/**
 * Stops what a killed supervisor left in `folder`: children that have not ended yet, Redis, PostgreSQL.
 * Throws one sentence if a supervisor still runs there and is not stopping: everything is in use.
 */
export async function stopLeftovers(
  folder: string,
  { log = () => {}, signal }: { log?: (line: string) => void; signal?: AbortSignal } = {},
): Promise<void> {
  const places = layout(folder)
  const other = await waitForOther(places.supervisorPid, log, signal)
  if (other)
    throw new Error(
      `Boxoffice already runs in ${folder} (process ${other}): stop it there first, ` +
        `or with \`kill ${other}\``,
    )
  const run = path.dirname(places.pidFile('any'))
  const files = existsSync(run) ? await readdir(run) : []
  await Promise.all(files.map((file) => stopByPidFile(path.join(run, file), ENDING_MS_MAX)))
  await Promise.all([stopRedis(places.redis), stopPostgres(places.postgres)])
}

/**
 * Returns the supervisor of `file` once it is clear that it keeps running; null if there is none, or it has
 * ended.
 */
async function waitForOther(
  file: string,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<number | null> {
  const startedAt = Date.now()
  let saidAt = startedAt
  for (;;) {
    signal?.throwIfAborted()
    const other = findRunning(file)
    const now = Date.now()
    if (!other || (now - startedAt > ENDING_MS_MAX && !isStopping(file))) return other
    if (now - saidAt > SAY_AFTER_MS) {
      saidAt = now
      log(
        `waiting for process ${other}: ${Math.round((now - startedAt) / 1_000)} s, ` +
          'the system before this one is still stopping',
      )
    }
    await sleep(50)
  }
}
