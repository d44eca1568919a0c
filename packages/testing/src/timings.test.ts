import { expect, test } from 'vitest'
import { activitiesSoFar, measured, pause } from './timings.ts'

test('overlapping work counts once', async () => {
  const before = activitiesSoFar().servers
  const startedAt = performance.now()
  await Promise.all(
    [1, 2, 3].map(() => measured('servers', () => new Promise((resolve) => setTimeout(resolve, 30)))),
  )
  const tookMs = performance.now() - startedAt
  const counted = activitiesSoFar().servers - before
  expect(counted).toBeGreaterThan(25)
  expect(counted).toBeLessThanOrEqual(tookMs)
})

test('failing work counts, and its error is passed on', async () => {
  const before = activitiesSoFar().migrations
  await expect(
    measured('migrations', () => pause(5).then(() => Promise.reject(new Error('broken')))),
  ).rejects.toThrow('broken')
  expect(activitiesSoFar().migrations).toBeGreaterThan(before)
})
