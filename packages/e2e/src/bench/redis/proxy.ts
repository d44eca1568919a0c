import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { end } from '../baseline/child-server.ts'

/** A fault of Redis as its clients see it. */
export interface RedisFault {
  targetPort: number
  /** Milliseconds by which every response is delayed. */
  lateMs: number
  /** Connections are closed and refused. */
  lost: boolean
}

/**
 * Starts a proxy to Redis in its own process that can delay or drop traffic. It refuses connections until it
 * is given a target.
 */
export async function startRedisProxy() {
  const child = fork(path.join(import.meta.dirname, 'proxy-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async setFault(fault: RedisFault): Promise<void> {
      const applied = once(child, 'message')
      child.send(fault)
      await applied
    },
    stop: () => end(child),
  }
}
export type RedisProxy = Awaited<ReturnType<typeof startRedisProxy>>
