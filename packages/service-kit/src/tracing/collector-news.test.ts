import { expect, test, vi } from 'vitest'
import { createLogger } from '../operations/logging.ts'
import { createCollectorNews } from './collector-news.ts'

const MINUTE_MS = 60_000

test('a collector that takes nothing is told of at once and then every hour, and its return too', () => {
  const logger = createLogger({ service: 'test', level: 'silent' })
  const [warn, info] = [vi.spyOn(logger, 'warn'), vi.spyOn(logger, 'info')]
  let at = Date.UTC(2026, 10, 25)
  const news = createCollectorNews({ logger, now: () => new Date(at) })
  const refuse = (minutes: number) => {
    at += minutes * MINUTE_MS
    news.refused(new Error('connect ECONNREFUSED'))
  }
  news.taken()
  for (const minutes of [0, 1, 58]) refuse(minutes)
  expect(warn).toHaveBeenCalledTimes(1)
  refuse(1)
  refuse(1)
  expect(warn).toHaveBeenCalledTimes(2)
  expect(info).not.toHaveBeenCalled()
  news.taken()
  news.taken()
  expect(info).toHaveBeenCalledExactlyOnceWith('traces are taken by their collector again')
  refuse(1)
  expect(warn).toHaveBeenCalledTimes(3)
})
