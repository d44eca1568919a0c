import path from 'node:path'
import { until } from '@boxoffice/testing'
import { execa, type Options } from 'execa'
import type { Ports } from '../../packages/stack/src/ports.ts'
import type { Engine } from './engine.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const HEALTHY = { patienceMs: 300_000 }
const RESTARTED = { patienceMs: 60_000 }

export interface Container {
  readonly service: string
  readonly id: string
  readonly state: string
  readonly health: string
  readonly exitCode: number
}

/** `docker compose` over the files of this repository, as a project of its own at ports of its own. */
export function createComposition(
  engine: Engine,
  options: { project: string; ports: Ports; standin: boolean; env: Readonly<Record<string, string>> },
) {
  const { project, ports, standin } = options
  const files = ['docker-compose.yml', ...(standin ? ['docker-compose.standin.yml'] : [])]
  const prefix = ['compose', '--project-name', project, ...files.flatMap((file) => ['--file', file])]
  const moved = Object.entries(ports).map(([name, port]) => [`${name.toUpperCase()}_PORT`, String(port)])
  const env = { ...engine.env, ...options.env, ...Object.fromEntries(moved) }
  const compose = (args: readonly string[], more: Options = {}) =>
    execa('docker', [...prefix, ...args], { cwd: ROOT, env, ...more })
  const docker = async (args: readonly string[]) => (await execa('docker', [...args], { env })).stdout

  async function list(): Promise<Container[]> {
    const { stdout } = await compose(['ps', '--all', '--format', 'json'])
    return String(stdout)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .map(({ Service, ID, State, Health, ExitCode }) => ({
        service: Service,
        id: ID,
        state: State,
        health: Health,
        exitCode: ExitCode,
      }))
      .sort((a, b) => a.service.localeCompare(b.service))
  }

  return {
    compose,
    list,
    build: () => compose(['build'], { all: true }),
    up: () => compose(['up', '--detach', '--no-build'], { all: true }),
    /**
     * Resolves when each container is healthy, or has completed. Rejects after five minutes, with those that
     * are not.
     */
    untilHealthy: () =>
      until(async () => {
        const unhealthy = (await list()).filter(
          ({ state, health, exitCode }) => health !== 'healthy' && (state !== 'exited' || exitCode !== 0),
        )
        if (unhealthy.length > 0)
          throw new Error(`not healthy: ${unhealthy.map(({ service, state }) => `${service} (${state})`)}`)
      }, HEALTHY),
    /** What a one-off container says: `docker compose run`. */
    async run(service: string, args: readonly string[], entrypoint?: string): Promise<string> {
      const entry = entrypoint ? ['--entrypoint', entrypoint] : []
      const { stdout } = await compose(['run', '--rm', '--no-deps', ...entry, service, ...args])
      return String(stdout)
    },
    ...createInspection({ compose, list, docker }),
    stop: () => compose(['stop']),
    down: () => compose(['down', '--volumes', '--remove-orphans'], { reject: false }),
    logs: async () =>
      String((await compose(['logs', '--no-color', '--tail', '40'], { reject: false })).stdout),
  }
}

interface Inspected {
  compose(args: readonly string[], more?: Options): Promise<{ stdout?: unknown }>
  list(): Promise<Container[]>
  docker(args: readonly string[]): Promise<string>
}

/** What the engine alone can do or see, by the containers of a project. */
function createInspection({ compose, list, docker }: Inspected) {
  return {
    /**
     * Kills every process of a container at once. Rejects where its restart policy does not bring it back.
     */
    async kill(service: string): Promise<void> {
      const { id } = (await list()).find((container) => container.service === service) ?? {}
      if (!id) throw new Error(`there is no container of ${service}`)
      const restarts = async () => Number(await docker(['inspect', '--format', '{{.RestartCount}}', id]))
      const before = await restarts()
      await compose(['exec', '--no-TTY', service, 'bash', '-c', 'kill -9 -1'], { reject: false })
      await until(async () => {
        if ((await restarts()) === before) throw new Error(`${service} was not restarted`)
      }, RESTARTED)
    },
    /** Bytes of each image that the files name. */
    async imageSizes(): Promise<Map<string, number>> {
      const { stdout } = await compose(['config', '--images'])
      const names = [...new Set(String(stdout).split('\n'))].filter((name) => name !== '').sort()
      const sizes = await docker(['image', 'inspect', '--format', '{{.Size}}', ...names])
      return new Map(sizes.split('\n').map((size, index) => [names[index] ?? '', Number(size)]))
    },
    /** The memory that each container uses, with its unit (`82.1MiB`), and how many threads it has. */
    async memory(): Promise<{ service: string; used: string; pids: number }[]> {
      const running = (await list()).filter(({ state }) => state === 'running')
      const format = '{{.ID}} {{.PIDs}} {{.MemUsage}}'
      const stats = await docker(['stats', '--no-stream', '--format', format])
      return stats.split('\n').flatMap((line) => {
        const [, id = '', pids, used = ''] = /^(\w+) (\d+) (\S+)/.exec(line) ?? []
        const container = running.find((each) => each.id.startsWith(id) || id.startsWith(each.id))
        return container ? [{ service: container.service, used, pids: Number(pids) }] : []
      })
    },
  }
}
export type Composition = ReturnType<typeof createComposition>
