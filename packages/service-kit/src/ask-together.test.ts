import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import { askTogether } from './ask-together.ts'

const gate = () => {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

test('calls that arrive while a group is in progress form the next, on behalf of the first', async () => {
  const groups: { numbers: number[]; by: unknown }[] = []
  const asker = new AsyncLocalStorage<string>()
  const begun = gate()
  const first = gate()
  const ask = askTogether(
    async (numbers: readonly number[]) => {
      groups.push({ numbers: [...numbers], by: asker.getStore() })
      begun.open()
      await first.opened
      return numbers.map((number) => number * 2)
    },
    { groupMax: 3 },
  )
  const early = [1, 2].map((number) => asker.run(`asker ${number}`, () => ask(number)))
  await begun.opened
  const late = [3, 4, 5, 6].map((number) => asker.run(`asker ${number}`, () => ask(number)))
  first.open()
  expect(await Promise.all([...early, ...late])).toEqual([2, 4, 6, 8, 10, 12])
  expect(groups).toEqual([
    { numbers: [1, 2], by: 'asker 1' },
    { numbers: [3, 4, 5], by: 'asker 3' },
    { numbers: [6], by: 'asker 6' },
  ])
})

test('a group without an answer does not hold up the others', async () => {
  const ask = askTogether(
    (numbers: readonly number[]) =>
      numbers.includes(1) ? new Promise<number[]>(() => {}) : Promise.resolve([...numbers]),
    { groupMax: 1 },
  )
  void ask(1)
  expect(await Promise.all([ask(2), ask(3)])).toEqual([2, 3])
})

test('a bad question fails alone', async () => {
  const ask = askTogether(
    async (numbers: readonly number[]) => {
      if (numbers.includes(13)) throw new Error('13')
      return numbers
    },
    { groupMax: 10 },
  )
  const settled = await Promise.allSettled([12, 13, 14].map(ask))
  expect(settled.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
    12,
    'Error: 13',
    14,
  ])
  expect(await ask(15)).toBe(15)
})
