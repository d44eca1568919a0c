import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis as Connection } from 'ioredis'
import { inheritedEnvironment } from '../config.ts'
import { createPatience } from '../patience.ts'
import { removePidFile, stopByPidFile, writePidFile } from '../pid-file.ts'
import { findRedis } from './binary.ts'

/** A Redis server. `url` is a connection string; `stop` waits until it has written everything and ended. */
export interface Redis {
  url: string
  stop(): Promise<void>
}

export interface RedisOptions {
  dataDir: string
  port: number
  /**
   * Called if the server has to be downloaded first, and every few seconds while it is not ready: loading
   * much data takes time.
   */
  log?: (line: string) => void
  /** Keep nothing on disk: for tests only. */
  unsafe?: boolean
}

const STOP_MS_MAX = 5_000

/**
 * Starts the server of `dataDir` on 127.0.0.1; one that a killed supervisor left behind is stopped first. It
 * runs in its own session, so that Ctrl-C reaches only the supervisor. Throws one sentence if there is no
 * server or it does not start.
 */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const binary = await findRedis(options.log)
  const dataDir = path.resolve(options.dataDir)
  const [logFile, pidFile] = [`${dataDir}.log`, `${dataDir}.pid`]
  await mkdir(dataDir, { recursive: true })
  await stopRedis(dataDir)

  const settings = {
    bind: '127.0.0.1',
    port: options.port,
    dir: dataDir,
    'maxmemory-policy': 'noeviction', // an evicted hold would be sold twice
    appendonly: options.unsafe ? 'no' : 'yes',
    save: '',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const output = openSync(logFile, 'w')
  const child = spawn(binary.file, flags, {
    env: { ...inheritedEnvironment, ...binary.env },
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  if (child.pid) writePidFile(pidFile, child.pid)
  let ended = false
  const end = new Promise<void>((resolve) => {
    const settle = () => {
      ended = true
      resolve()
    }
    child.once('exit', settle)
    child.once('error', settle)
  })
  child.unref()

  const url = `redis://127.0.0.1:${options.port}`
  const patience = createPatience({ name: 'Redis', pid: () => child.pid, logFile, log: options.log })
  const started = await answers(url, child.pid, () => ended || patience.signal.aborted).finally(patience.end)
  if (!started) {
    child.kill('SIGKILL')
    removePidFile(pidFile)
    const lines = (await readFile(logFile, 'utf8')).trim().split('\n')
    throw new Error(`Redis did not start on port ${options.port}, see ${logFile}: ${lines.at(-1)}`)
  }
  return {
    url,
    stop: async () => {
      if (!ended) {
        child.ref()
        child.kill('SIGTERM')
        const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
        await end
        clearTimeout(killer)
      }
      removePidFile(pidFile)
    },
  }
}

/** Stops the server of `dataDir` if one was left behind. */
export async function stopRedis(dataDir: string): Promise<void> {
  await stopByPidFile(`${path.resolve(dataDir)}.pid`, STOP_MS_MAX)
}

/**
 * Waits until that very process has loaded its data and answers, not another on its port; false if it ended
 * or is stuck.
 */
async function answers(url: string, pid: number | undefined, isOver: () => boolean): Promise<boolean> {
  const connection = new Connection(url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
  connection.on('error', () => {})
  try {
    while (!isOver()) {
      const info = await Promise.race([connection.info('server').catch(() => ''), sleep(500, '')])
      if (info.includes(`process_id:${pid}\r\n`)) return true
      await sleep(10)
    }
    return false
  } finally {
    connection.disconnect()
  }
}
