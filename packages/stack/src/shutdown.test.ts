import { expect, test, vi } from 'vitest'
import { createShutdown } from './shutdown.ts'

test('layers are stopped one by one in reverse order, within eight seconds in total', async () => {
  const now = Date.UTC(2026, 10, 21)
  vi.useFakeTimers({ toFake: ['Date'], now })
  try {
    const { add, nextLayer, stop } = createShutdown()
    const said: string[] = []
    const takesItsTime = (name: string) => async (killAt: number) => {
      said.push(`${name} has ${killAt - now} ms`)
      vi.setSystemTime(Date.now() + 1_000)
      await new Promise((resolve) => setImmediate(resolve))
      said.push(`${name} is gone`)
    }
    add(takesItsTime('store'))
    nextLayer()
    add(takesItsTime('service'))
    nextLayer()
    add(takesItsTime('edge'))
    await Promise.all([stop(), stop()])
    expect(said).toEqual(
      ['edge', 'service', 'store'].flatMap((name) => [`${name} has 8000 ms`, `${name} is gone`]),
    )
  } finally {
    vi.useRealTimers()
  }
})
