import { expect, it } from 'vitest'
import { createBulkhead } from './bulkhead.ts'

it('a bulkhead lets so many in, the next in their order, and refuses who waits too long', async () => {
  const bulkhead = createBulkhead({ places: 1, waitMs: 20 })
  const order: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = bulkhead(() => promise)
  const late = bulkhead(async () => void order.push('late'))
  await expect(late).rejects.toMatchObject({ refusal: { status: 503 } })
  const second = bulkhead(async () => void order.push('second'))
  const third = bulkhead(async () => void order.push('third'))
  resolve()
  await Promise.all([first, second, third])
  expect(order).toEqual(['second', 'third'])
})
