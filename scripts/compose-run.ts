import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Compose, ComposeService } from './compose.ts'
import { type ProgramName, programs } from './program-list.ts'

const LOOK_MS = 50

export interface Surroundings {
  /** Services whose third-party image is replaced by something that runs already: not started. */
  instead: readonly string[]
  /**
   * Maps addresses, folders and ports of the file to those of this machine. The longest is replaced first.
   */
  places: Readonly<Record<string, string>>
  /** Overrides in every environment. */
  env: Readonly<Record<string, string>>
}

/**
 * Does what `docker compose up` would with the programs of the file, as processes of this machine: starts
 * each when the services it depends on have completed, or pass their health checks. Rejects if a one-shot
 * fails, or a service ends before it is healthy.
 */
export function playCompose(compose: Compose, surroundings: Surroundings) {
  const machine = createMachine(surroundings)
  const children = new Map<string, ChildProcess>()
  const begun = new Map<string, Promise<unknown>>()

  const begin = async (name: string): Promise<unknown> => {
    const service = compose.services[name]
    if (!service || surroundings.instead.includes(name)) return
    await Promise.all(Object.keys(service.depends_on ?? {}).map(up))
    const child = machine.run(service)
    children.set(name, child)
    return service.restart === 'no' ? complete(name, child) : machine.becomeHealthy(name, service, child)
  }
  /** Resolves when a service and its dependencies are up, or done; for a one-shot with its output. */
  const up = (name: string): Promise<unknown> => {
    const known = begun.get(name) ?? begin(name)
    begun.set(name, known)
    return known
  }
  return {
    up,
    /** Runs a service once with these arguments, as `docker compose run`; returns its output. */
    runOnce: (name: string, args: readonly string[]) =>
      complete(name, machine.run(compose.services[name] as ComposeService, args)),
    /** Kills every process that was started. */
    kill: machine.kill,
    /** Stops every service; returns the exit codes. */
    async down(): Promise<Record<string, number | null>> {
      const codes = [...children].map(async ([name, child]) => {
        if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'close')
        return [name, child.exitCode] as const
      })
      return Object.fromEntries(await Promise.all(codes))
    },
  }
}

/** Runs services of the file as processes, with this machine's addresses and folders. */
function createMachine({ places, env }: Surroundings) {
  const spawned: ChildProcess[] = []
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
  return {
    run(service: ComposeService, args: readonly string[] = service.command ?? []): ChildProcess {
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
    },
    async becomeHealthy(name: string, service: ComposeService, child: ChildProcess): Promise<void> {
      const output = outputOf(child)
      const [, ...check] = service.healthcheck?.test ?? []
      const port = Number(service.environment?.PORT)
      const isHealthy = async (): Promise<boolean> => {
        if (port && !(await listensOn(port))) return false // cheaper than a process for each poll
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
    },
    kill(): void {
      for (const child of spawned) child.kill('SIGKILL')
    },
  }
}

async function complete(name: string, child: ChildProcess): Promise<string> {
  const output = outputOf(child)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${output()}`)
  return output()
}

/** Returns whether a process of this machine listens on the port. */
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
