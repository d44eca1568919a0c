import { once } from 'node:events'
import http from 'node:http'
import { json } from 'node:stream/consumers'
import { claimPort } from '@boxoffice/testing'

/** What a container was asked to be. */
export interface Created {
  Image: string
  Cmd?: string[]
  Env: string[]
  HostConfig: {
    PortBindings: Record<string, { HostIp: string; HostPort: string }[]>
    Tmpfs?: Record<string, string>
  }
}
type Stop = () => Promise<unknown>

/**
 * Of a Docker engine's HTTP API what testcontainers needs to start and stop containers. Nothing runs in it
 * but what `run` starts for a container; every command in a container succeeds, and each says that it is
 * ready.
 */
export async function startDockerEngine(
  run: (container: Created) => Promise<Stop> = async () => async () => {},
) {
  const created: Created[] = []
  const calls: string[] = []
  const stops = new Map<string, Stop>()

  const inspect = (id: string) => {
    const { HostConfig } = created[Number(id)] as Created
    const at = new Date().toISOString()
    return {
      Id: id,
      Name: `/${id}`,
      Config: { Hostname: id, Labels: {} },
      State: { Status: 'running', Running: true, StartedAt: at, FinishedAt: at },
      HostConfig,
      NetworkSettings: { Ports: HostConfig.PortBindings, Networks: {} },
    }
  }
  const answer = async (
    request: http.IncomingMessage,
    path: string,
  ): Promise<[status: number, body?: unknown]> => {
    const [, id = '', action] = /^\/containers\/(\d+)\/(\w+)$/.exec(path) ?? []
    if (path === '/info') return [200, { OperatingSystem: 'none', OSType: 'linux' }]
    if (path === '/containers/json') return [200, []]
    if (path.startsWith('/images/')) return [200, { Id: 'there' }]
    if (path === '/containers/create') {
      created.push((await json(request)) as Created)
      return [201, { Id: String(created.length - 1), Warnings: [] }]
    }
    if (action === 'start') stops.set(id, await run(created[Number(id)] as Created))
    if (action === 'stop') await stops.get(id)?.()
    if (action === 'json') return [200, inspect(id)]
    if (action === 'exec') return [201, { Id: 'exec' }]
    if (path === '/exec/exec/json') return [200, { ExitCode: 0, Running: false }]
    return [204]
  }
  const server = http.createServer(async (request, response) => {
    const path = String(request.url)
      .replace(/\?.*$/, '')
      .replace(/^\/v[\d.]+/, '')
    calls.push(`${request.method} ${path}`)
    if (path.endsWith('/logs') || path === '/exec/exec/start') return void response.end(frame('Ready.\n'))
    const [status, body] = await answer(request, path)
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body))
  })
  const port = await claimPort()
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    created,
    calls,
    /** For `DOCKER_HOST`. */
    host: `tcp://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Output of a container comes in frames with a header of eight bytes: which stream, and how long. */
function frame(text: string): Buffer {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}
