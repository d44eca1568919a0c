import { expect, test } from 'vitest'
import { createGroups, type GroupOptions } from './groups.ts'

type Request = { key: string; name: string }
const requests = (key: string, ...names: string[]): Request[] => names.map((name) => ({ key, name }))

/** Groups that complete when the test says so; records them. */
function recorded(options: Partial<GroupOptions<Request, string>> = {}) {
  const groups: string[][] = []
  const ending: (() => void)[] = []
  const ask = createGroups<Request, string>({
    keyOf: ({ key }) => key,
    mixesKeys: true,
    groupMax: 10,
    groupsAtOnceMax: 2,
    waitingMax: 100,
    run: (group) => {
      groups.push(group.map(({ name }) => name))
      return new Promise((resolve) => ending.push(() => resolve(group.map(({ name }) => `done ${name}`))))
    },
    ...options,
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const end = async () => {
    ending.shift()?.()
    await turn()
    await turn()
  }
  return { groups, end, turn, ask, askAll: (all: readonly Request[]) => Promise.all(all.map(ask)) }
}

test('requests that arrive together form one group, and each gets its own answer', async () => {
  const { groups, askAll, end, turn } = recorded()
  const answers = askAll([...requests('a', '1', '2'), ...requests('b', '3')])
  await turn()
  await end()
  expect(await answers).toEqual(['done 1', 'done 2', 'done 3'])
  expect(groups).toEqual([['1', '2', '3']])
})

test('requests for a key whose group is in progress form its next; other keys continue', async () => {
  const { groups, askAll, end, turn } = recorded()
  const first = askAll(requests('a', '1'))
  await turn()
  const second = askAll([...requests('a', '2', '3'), ...requests('b', '4')])
  await turn()
  expect(groups).toEqual([['1'], ['4']])
  await end()
  await end()
  await end()
  expect(await Promise.all([first, second])).toEqual([['done 1'], ['done 2', 'done 3', 'done 4']])
  expect(groups).toEqual([['1'], ['4'], ['2', '3']])
})

test('a group has no more requests than allowed, in total and per key, and keys take turns', async () => {
  const { groups, askAll, end, turn } = recorded({ groupMax: 3, perKeyMax: 2, groupsAtOnceMax: 1 })
  const all = askAll([...requests('a', '1', '2', '3', '4', '5'), ...requests('b', '6', '7')])
  await turn()
  for (let ended = 0; ended < 4; ended++) await end()
  await all
  expect(groups).toEqual([['1', '2', '6'], ['3', '4', '7'], ['5']])
})

test('keys stay apart where groups do not mix them', async () => {
  const { groups, askAll, end, turn } = recorded({ mixesKeys: false })
  const all = askAll([...requests('a', '1'), ...requests('b', '2')])
  await turn()
  expect(groups).toEqual([['1'], ['2']])
  await end()
  await end()
  await all
})

test('one bad request fails alone', async () => {
  const groups: string[][] = []
  const { ask } = recorded({
    run: async (group) => {
      groups.push(group.map(({ name }) => name))
      if (group.some(({ name }) => name === 'bad')) throw new Error('bad')
      return group.map(({ name }) => name)
    },
  })
  const answers = await Promise.allSettled(requests('a', '1', 'bad', '2').map(ask))
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(groups).toEqual([['1', 'bad', '2'], ['1'], ['bad'], ['2']])
})

test('nothing is retried one by one while the database is unavailable', async () => {
  let runs = 0
  const { ask } = recorded({
    run: async () => {
      runs++
      throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    },
  })
  const answers = await Promise.allSettled(requests('a', '1', '2', '3').map(ask))
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(runs).toBe(1)
})

test('requests beyond the queue limit get a 503 with Retry-After, and the others are served', async () => {
  const { ask, askAll, end, turn } = recorded({ waitingMax: 2 })
  const served = askAll(requests('a', '1', '2'))
  await expect(ask({ key: 'a', name: '3' })).rejects.toMatchObject({
    refusal: { status: 503, body: { error: 'SERVICE_UNAVAILABLE' }, headers: { 'retry-after': '1' } },
  })
  await turn()
  await end()
  expect(await served).toEqual(['done 1', 'done 2'])
  const next = ask({ key: 'a', name: '4' })
  await turn()
  await end()
  expect(await next).toBe('done 4')
})
