import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { end } from '../baseline/child-server.ts'

/** What is the matter with Redis, as its clients see it. */
export interface Trouble {
  targetPort: number
  /** By how much every answer is late. */
  lateMs: number
  /** Connections are cut and refused. */
  lost: boolean
}

/** A way to Redis, in a process of its own, on which it can be late or lost. At first it leads nowhere. */
export async function startRedisProxy() {
  const child = fork(path.join(import.meta.dirname, 'proxy-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async tell(trouble: Trouble): Promise<void> {
      const told = once(child, 'message')
      child.send(trouble)
      await told
    },
    stop: () => end(child),
  }
}
export type RedisProxy = Awaited<ReturnType<typeof startRedisProxy>>
