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

interface Lane<Request, Answer> {
  waiting: Waiting<Request, Answer>[]
  isBusy: boolean
}

export interface GroupOptions<Request, Answer> {
  /** Requests of one lane keep their order and are never in two groups at once. */
  laneOf(request: Request): string
  /** Executes these requests: all of them or, if it rejects, none. */
  run(requests: readonly Request[]): Promise<readonly Answer[]>
  /** Whether a group may hold requests of several lanes. */
  mixesLanes: boolean
  /** The most requests in one group, and per lane. */
  groupMax: number
  ofLaneMax?: number
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
  const { groupMax, groupsAtOnceMax, waitingMax, ofLaneMax = groupMax } = options
  const lanes = new Map<string, Lane<Request, Answer>>()
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
      void carryOut(group.waiting.map(({ request }) => request)).then((settled) => {
        for (const [index, { resolve, reject }] of group.waiting.entries()) {
          const outcome = settled[index] as Settled<Answer>
          if ('answer' in outcome) resolve(outcome.answer)
          else reject(outcome.error)
        }
        groupsAtOnce--
        for (const lane of group.lanes) leave(lane)
        if (waitingCount > 0) schedule()
      })
    }
  }

  function takeGroup(): { waiting: Waiting<Request, Answer>[]; lanes: string[] } {
    const group: Waiting<Request, Answer>[] = []
    const taken: string[] = []
    for (const [name, lane] of lanes) {
      if (group.length >= groupMax || (taken.length > 0 && !options.mixesLanes)) break
      if (lane.isBusy) continue
      lane.isBusy = true
      taken.push(name)
      group.push(...lane.waiting.splice(0, Math.min(ofLaneMax, groupMax - group.length)))
    }
    waitingCount -= group.length
    return { waiting: group, lanes: taken }
  }

  /** A lane with remaining requests goes to the back, so that no lane starves. */
  function leave(name: string): void {
    const lane = lanes.get(name)
    lanes.delete(name)
    if (lane && lane.waiting.length > 0) lanes.set(name, { waiting: lane.waiting, isBusy: false })
  }

  async function carryOut(requests: readonly Request[]): Promise<Settled<Answer>[]> {
    try {
      return (await options.run(requests)).map((answer) => ({ answer }))
    } catch (error) {
      if (requests.length === 1 || isUnavailable(error)) return requests.map(() => ({ error }))
    }
    const settled: Settled<Answer>[] = []
    for (const request of requests) settled.push(...(await carryOut([request])))
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
    const name = options.laneOf(request)
    const lane = lanes.get(name) ?? { waiting: [], isBusy: false }
    lanes.set(name, lane)
    waitingCount++
    const { waiting } = lane
    schedule()
    return new Promise((resolve, reject) => void waiting.push({ request, resolve, reject }))
  }
}
