import { expect, test } from 'vitest'
import { startProgram } from './program.ts'
import { until } from './until.ts'

const start = (source: string) => startProgram(['-e', source], { WORD: 'hello' })
const READY = "setInterval(() => {}, 1000); process.send('ready')"

test("a ready program's output can be read, and it can be stopped", async () => {
  const program = await start(
    "process.on('SIGTERM', () => process.exit(3)); console.log(process.env.WORD); console.error('!'); " +
      READY,
  )
  await until(() => expect(program.logged().split('\n').sort()).toEqual(['', '!', 'hello']))
  expect(await program.stop()).toEqual([3, null])
  expect(await program.ended).toEqual([3, null])
})

test('a program that ignores SIGTERM is killed', async () => {
  const program = await start(`process.on('SIGTERM', () => {}); ${READY}`)
  expect(await program.kill()).toEqual([null, 'SIGKILL'])
})

test('a program that exits before it is ready is reported with its output', async () => {
  await expect(start("console.error('no database')")).rejects.toThrow(/did not start:\n.*no database/s)
})
