import { AsyncLocalStorage } from 'node:async_hooks'
import { SERVICE_UNAVAILABLE } from '@boxoffice/contracts'
import { isUnavailable } from './database/errors.ts'
import { RefusedError, refuse } from './http/refusal.ts'
import { oncePerTick } from './once-per-tick.ts'

/** The outcome of one request of a group. */
type Settled<Answer> = { answer: Answer } | { error: unknown }

interface Waiting<Request, Answer> {
  readonly request: Request
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** The requests of one key that wait; busy while some of that key are in a group. */
interface KeyQueue<Request, Answer> {
  waiting: Waiting<Request, Answer>[]
  isBusy: boolean
}

export interface GroupOptions<Request, Answer> {
  /** Requests of one key keep their order and are never in two groups at once. */
  keyOf(request: Request): string
  /** Executes these requests: all of them or, if it rejects, none. */
  run(requests: readonly Request[]): Promise<readonly Answer[]>
  /** Whether a group may hold requests of several keys. */
  mixesKeys: boolean
  /** The most requests in one group, and of one key in it. */
  groupMax: number
  perKeyMax?: number
  groupsAtOnceMax: number
  /** The most requests that wait; more are refused with 503. */
  waitingMax: number
}

/**
 * Group commit: executes requests that arrive together, or while earlier groups are in progress, as one. Each
 * gets its own answer. The requests of a failed group are executed again one by one, so that a bad one fails
 * alone.
 */
export function createGroups<Request, Answer>(
  options: GroupOptions<Request, Answer>,
): (request: Request) => Promise<Answer> {
  const { groupMax, groupsAtOnceMax, waitingMax, perKeyMax = groupMax } = options
  const queues = new Map<string, KeyQueue<Request, Answer>>()
  // The work of a group belongs to none of its requests, so it is not in the trace of the first.
  const outsideOfRequests = AsyncLocalStorage.snapshot()
  let waitingCount = 0
  let groupsAtOnce = 0
  /** Everything that the event loop reads in this tick arrives before the group begins. */
  const schedule = oncePerTick(() => outsideOfRequests(beginGroups))

  function beginGroups(): void {
    while (groupsAtOnce < groupsAtOnceMax) {
      const group = takeGroup()
      if (group.waiting.length === 0) return
      groupsAtOnce++
      void execute(group.waiting.map(({ request }) => request)).then((settled) => {
        for (const [index, { resolve, reject }] of group.waiting.entries()) {
          const outcome = settled[index] as Settled<Answer>
          if ('answer' in outcome) resolve(outcome.answer)
          else reject(outcome.error)
        }
        groupsAtOnce--
        for (const key of group.keys) moveToBack(key)
        if (waitingCount > 0) schedule()
      })
    }
  }

  function takeGroup(): { waiting: Waiting<Request, Answer>[]; keys: string[] } {
    const group: Waiting<Request, Answer>[] = []
    const keys: string[] = []
    for (const [key, queue] of queues) {
      if (group.length >= groupMax || (keys.length > 0 && !options.mixesKeys)) break
      if (queue.isBusy) continue
      queue.isBusy = true
      keys.push(key)
      group.push(...queue.waiting.splice(0, Math.min(perKeyMax, groupMax - group.length)))
    }
    waitingCount -= group.length
    return { waiting: group, keys }
  }

  /** A key with remaining requests goes to the back, so that no key starves. */
  function moveToBack(key: string): void {
    const queue = queues.get(key)
    queues.delete(key)
    if (queue && queue.waiting.length > 0) queues.set(key, { waiting: queue.waiting, isBusy: false })
  }

  async function execute(requests: readonly Request[]): Promise<Settled<Answer>[]> {
    try {
      return (await options.run(requests)).map((answer) => ({ answer }))
    } catch (error) {
      if (requests.length === 1 || isUnavailable(error)) return requests.map(() => ({ error }))
    }
    const settled: Settled<Answer>[] = []
    for (const request of requests) settled.push(...(await execute([request])))
    return settled
  }

  return (request) => {
    if (waitingCount >= waitingMax) {
      return Promise.reject(
        new RefusedError(
          refuse(SERVICE_UNAVAILABLE, { message: 'too many buyers at once: try again shortly' }),
        ),
      )
    }
    const key = options.keyOf(request)
    const queue = queues.get(key) ?? { waiting: [], isBusy: false }
    queues.set(key, queue)
    waitingCount++
    const { waiting } = queue
    schedule()
    return new Promise((resolve, reject) => void waiting.push({ request, resolve, reject }))
  }
}
