import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import { claimPort, isFree } from './ports.ts'

const claimMany = (count: number) => Promise.all(Array.from({ length: count }, claimPort))

test("a port is claimed once, is free, and is outside the kernel's outgoing range", async () => {
  const ports = await claimMany(120)
  expect(new Set(ports).size).toBe(120)
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(12_000)
    expect(port).toBeLessThan(32_000)
  }
  expect(new Set(ports.map((port) => Math.floor(port / 50))).size).toBeLessThanOrEqual(4)
  expect(await Promise.all(ports.map(isFree))).toEqual(ports.map(() => true))
})

test('another process gets other ports, even if nothing listens on ours', async () => {
  const claimed = await Promise.all(
    [1, 2, 3].map(async () => {
      const other = fork(path.join(import.meta.dirname, 'claim-ports.ts'), { execArgv: [] })
      const [ports] = await once(other, 'message')
      return { other, ports: ports as number[] }
    }),
  )
  const all = [...(await claimMany(100)), ...claimed.flatMap(({ ports }) => ports)]
  for (const { other } of claimed) {
    other.kill('SIGKILL')
    await once(other, 'exit')
  }
  expect(all).toHaveLength(400)
  expect(new Set(all).size).toBe(400)
})

test('a port in use by another program is skipped', async () => {
  const port = await claimPort()
  const server = createServer().listen(port + 1, '127.0.0.1')
  await once(server, 'listening')
  expect(await isFree(port + 1)).toBe(false)
  expect(await claimMany(60)).not.toContain(port + 1)
  server.close()
})
