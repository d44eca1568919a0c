import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildOnce } from './build-once.ts'
import type { Built } from './build-program.ts'
import { type ProgramName, programNames } from './program-list.ts'

/** A program that runs as in its image. */
export interface Running {
  readonly name: ProgramName
  /** Returns its output so far, stdout and stderr. */
  output(): string
  /** Resolves when it has ended. */
  readonly ended: Promise<Ending>
  /** Sends SIGTERM; resolves when it has ended. */
  stop(): Promise<Ending>
}

export interface Ending {
  code: number | null
  signal: string | null
}

/**
 * Builds every program and copies it to an empty temporary folder, as in an image. `start` gives it only
 * Node.js and its environment: no PATH, no other readable folder, and no writable one except the volume.
 */
export async function unpackImages() {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'boxoffice-images-')))
  const built: Built[] = []
  for (const name of programNames) {
    const program = await buildOnce(name)
    await cp(program.folder, path.join(folder, name), { recursive: true })
    built.push(program)
  }
  const data = path.join(folder, 'data')
  await mkdir(data)
  const running: ChildProcess[] = []

  return {
    built,
    /** The volume: a folder that programs started with `writes` may write to. */
    data,
    folderOf: (name: ProgramName) => path.join(folder, name),

    start(
      name: ProgramName,
      env: Record<string, string>,
      options: { args?: string[]; writes?: boolean } = {},
    ): Running {
      const cwd = path.join(folder, name)
      const permissions = ['--permission', `--allow-fs-read=${cwd}`, '--allow-net', '--allow-worker']
      if (options.writes) permissions.push(`--allow-fs-read=${data}`, `--allow-fs-write=${data}`)
      const child = spawn(
        process.execPath,
        [...permissions, '--enable-source-maps', 'main.js', ...(options.args ?? [])],
        {
          cwd,
          env: { NODE_ENV: 'production', PATH: '', ...env },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
      running.push(child)
      const chunks: Buffer[] = []
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk))
      const ended: Promise<Ending> = once(child, 'close').then(([code, signal]) => ({ code, signal }))
      return {
        name,
        ended,
        output: () => Buffer.concat(chunks).toString(),
        stop() {
          child.kill('SIGTERM')
          return ended
        },
      }
    },

    async remove() {
      for (const child of running) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}
