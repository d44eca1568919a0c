import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { addLogSource, createMemoryLog, logSources, logsOfFolder } from './logs.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-logs-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('only the last lines of each log of a folder since the mark are shown', () => {
  writeFileSync(path.join(folder, 'tickets.log'), 'before\n')
  writeFileSync(path.join(folder, 'notes.txt'), 'no log\n')
  const source = logsOfFolder(folder)
  source.mark()
  appendFileSync(path.join(folder, 'tickets.log'), 'one\ntwo\nthree\n')
  writeFileSync(path.join(folder, 'payments.log'), 'new\n')
  expect(Object.fromEntries(source.readSinceMark(2))).toEqual({
    tickets: ['two', 'three'],
    payments: ['new'],
  })
})

test('a missing folder has no logs', () => {
  expect(logsOfFolder(path.join(folder, 'nowhere')).readSinceMark(5).size).toBe(0)
})

test('a log in memory drops lines before the mark, and can be shown while it is written', () => {
  const log = createMemoryLog('auth')
  const remove = addLogSource(log)
  log.write('{"msg":"old"}\n')
  log.mark()
  log.write('{"msg":"first"}\n')
  log.write('{"msg":"second"}\n')
  expect(log.readSinceMark(1).get('auth')).toEqual(['{"msg":"second"}'])
  expect(logSources()).toContain(log)
  remove()
  expect(logSources()).not.toContain(log)
})
