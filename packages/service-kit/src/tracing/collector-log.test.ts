import { expect, test, vi } from 'vitest'
import { createLogger } from '../operations/logging.ts'
import { createCollectorLog } from './collector-log.ts'

const MINUTE_MS = 60_000

test('logs at once and then every hour that the collector accepts nothing, and its return', () => {
  const logger = createLogger({ service: 'test', level: 'silent' })
  const [warn, info] = [vi.spyOn(logger, 'warn'), vi.spyOn(logger, 'info')]
  let at = Date.UTC(2026, 10, 25)
  const collectorLog = createCollectorLog({ logger, now: () => new Date(at) })
  const refuse = (minutes: number) => {
    at += minutes * MINUTE_MS
    collectorLog.refused(new Error('connect ECONNREFUSED'))
  }
  collectorLog.accepted()
  for (const minutes of [0, 1, 58]) refuse(minutes)
  expect(warn).toHaveBeenCalledTimes(1)
  refuse(1)
  refuse(1)
  expect(warn).toHaveBeenCalledTimes(2)
  expect(info).not.toHaveBeenCalled()
  collectorLog.accepted()
  collectorLog.accepted()
  expect(info).toHaveBeenCalledExactlyOnceWith('trace collector is back')
  refuse(1)
  expect(warn).toHaveBeenCalledTimes(3)
})
