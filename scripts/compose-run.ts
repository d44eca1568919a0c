import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Compose, ComposeService } from './compose.ts'
import { type ProgramName, programs } from './program-list.ts'

const LOOK_MS = 50

export interface Surroundings {
  /** What runs already in the place of an image of others: nothing is started for it. */
  instead: readonly string[]
  /**
   * What stands in the file, and what it is here: addresses, folders, ports. The longest is replaced first.
   */
  places: Readonly<Record<string, string>>
  /** Put over every environment. */
  env: Readonly<Record<string, string>>
}

/**
 * Do what `docker compose up` would with the programs of the file, as processes of this machine: each when
 * those that it waits for have completed, or are healthy by their own health checks. Rejects when a one-shot
 * fails, or a service ends before it is healthy.
 */
export function playCompose(compose: Compose, { instead, places, env }: Surroundings) {
  const children = new Map<string, ChildProcess>()
  const spawned: ChildProcess[] = []
  const begun = new Map<string, Promise<unknown>>()
  const named = Object.keys(places).sort((a, b) => b.length - a.length)
  const anyPlace = new RegExp(named.map((place) => RegExp.escape(place)).join('|'), 'g')
  const here = (text: string) => text.replaceAll(anyPlace, (place) => places[place] ?? place)
  const environmentOf = ({ environment = {} }: ComposeService) => {
    const entries = Object.entries({ ...environment, ...env }).map(([name, value]) => [name, here(value)])
    return {
      PATH: '',
      ...Object.fromEntries(entries),
      ...(environment.HOST && { HOST: '127.0.0.1' }),
    } as Record<string, string>
  }
  const run = (service: ComposeService, args: readonly string[] = service.command ?? []) => {
    const { PROGRAM } = (service.build as Required<ComposeService>['build']).args
    const options = (service.entrypoint ?? [])
      .filter((argument) => argument.startsWith('--env-file'))
      .map(here)
    const program = programs[PROGRAM as ProgramName].entries.main
    const child = spawn(process.execPath, [...options, program, ...args], {
      env: environmentOf(service),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    spawned.push(child)
    return child
  }

  const complete = async (name: string, child: ChildProcess): Promise<string> => {
    const output = outputOf(child)
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${output()}`)
    return output()
  }
  const becomeHealthy = async (name: string, service: ComposeService, child: ChildProcess): Promise<void> => {
    const output = outputOf(child)
    const [, ...check] = service.healthcheck?.test ?? []
    const port = Number(service.environment?.PORT)
    const isHealthy = async (): Promise<boolean> => {
      if (port && !(await listensOn(port))) return false // a process for each look would take the time from the start
      const [command = '', ...args] = check
      const probe = spawn(command, args, {
        env: { ...environmentOf(service), PATH: process.env.PATH },
        stdio: 'ignore',
      })
      const [code] = await once(probe, 'close')
      return code === 0
    }
    while (!(await isHealthy())) {
      const ending = child.exitCode ?? child.signalCode
      if (ending !== null) throw new Error(`${name} ended with ${ending}: ${output()}`)
      await sleep(LOOK_MS)
    }
  }
  const begin = async (name: string): Promise<unknown> => {
    const service = compose.services[name]
    if (!service || instead.includes(name)) return
    await Promise.all(Object.keys(service.depends_on ?? {}).map(up))
    const child = run(service)
    children.set(name, child)
    return service.restart === 'no' ? complete(name, child) : becomeHealthy(name, service, child)
  }
  /**
   * Resolves when a service and all that it waits for are as the file wants them; with what a one-shot has
   * said.
   */
  const up = (name: string): Promise<unknown> => {
    const known = begun.get(name) ?? begin(name)
    begun.set(name, known)
    return known
  }
  return {
    up,
    /** As `docker compose run`: a service once, with these arguments; what it says. */
    runOnce: (name: string, args: readonly string[]) =>
      complete(name, run(compose.services[name] as ComposeService, args)),
    /** End whatever was started and is still there, at once. */
    kill(): void {
      for (const child of spawned) child.kill('SIGKILL')
    },
    /** Tell everything to end; the exit codes. */
    async down(): Promise<Record<string, number | null>> {
      const codes = [...children].map(async ([name, child]) => {
        if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'close')
        return [name, child.exitCode] as const
      })
      return Object.fromEntries(await Promise.all(codes))
    },
  }
}

/** Whether somebody takes connections at that port of this machine. */
async function listensOn(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function outputOf({ stdout, stderr }: ChildProcess): () => string {
  const chunks: Buffer[] = []
  for (const stream of [stdout, stderr]) stream?.on('data', (chunk) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}
