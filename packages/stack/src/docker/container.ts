import type { WaitStrategy } from 'testcontainers'

export interface ContainerOptions {
  image: string
  env?: Record<string, string>
  command?: string[]
  /** The port inside the container, and its port on 127.0.0.1. */
  port: { inside: number; outside: number }
  /** Folders in memory, lost with the container. */
  memory?: string[]
  ready: (wait: typeof import('testcontainers').Wait) => WaitStrategy
}

const START_MS_MAX = 120_000
const STOP_MS_MAX = 5_000

/**
 * Runs a container until `stop`, which removes it; testcontainers' own watcher removes it if this process is
 * killed. Resolves when it is ready; the first time the image is pulled. Only this machine can reach its
 * port.
 */
export async function startContainer(options: ContainerOptions): Promise<{ stop(): Promise<void> }> {
  const { GenericContainer, Wait } = await import('testcontainers')
  const { image, env = {}, command = [], port, memory = [], ready } = options

  // testcontainers publishes on every interface; this is the only place to override that.
  class LoopbackContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      this.hostConfig.PortBindings = {
        [`${port.inside}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port.outside) }],
      }
    }
  }
  const container = new LoopbackContainer(image)
    .withEnvironment(env)
    .withExposedPorts({ container: port.inside, host: port.outside })
    .withTmpFs(Object.fromEntries(memory.map((folder) => [folder, 'rw'])))
    .withWaitStrategy(ready(Wait))
    .withStartupTimeout(START_MS_MAX)
  const started = await (command.length > 0 ? container.withCommand(command) : container).start()
  return {
    async stop() {
      await started.stop({ timeout: STOP_MS_MAX, remove: true, removeVolumes: true })
    },
  }
}
