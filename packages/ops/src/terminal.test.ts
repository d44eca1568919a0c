import { expect, test } from 'vitest'
import { createProgress } from './terminal.ts'

function progressOn(isTerminal: boolean) {
  const written: string[] = []
  let nowMs = 0
  const progress = createProgress({
    text: 'requeued %d of about 500',
    write: (text) => written.push(text),
    isTerminal,
    nowMs: () => nowMs,
  })
  const wait = (ms: number) => {
    nowMs += ms
  }
  return { progress, written, wait }
}

test('a terminal gets one line that is overwritten and finally cleared', () => {
  const { progress, written } = progressOn(true)
  for (const count of [10, 20]) progress.at(count)
  progress.end()
  expect(written).toEqual([
    '\r\u001b[Krequeued 10 of about 500',
    '\r\u001b[Krequeued 20 of about 500',
    '\r\u001b[K',
  ])
})

test('a log file gets a line every five seconds, and none of a short run', () => {
  const { progress, written, wait } = progressOn(false)
  progress.at(10)
  wait(4_999)
  progress.at(20)
  expect(written).toEqual([])
  wait(1)
  progress.at(30)
  progress.at(40)
  progress.end()
  expect(written).toEqual(['requeued 30 of about 500\n'])
})
