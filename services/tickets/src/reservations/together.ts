import { AsyncLocalStorage } from 'node:async_hooks'
import { currentOrigin } from '@boxoffice/messaging'
import { createGroups, type Database, sideBySide, type Tx } from '@boxoffice/service-kit'
import { type ClaimRequest, type ClaimResult, claim } from './claim.ts'
import { type ExtendRequest, type ExtendResult, extendOwn } from './extend.ts'
import type { BuyerReleaseResult, ReleaseRequest, Releases } from './release.ts'

const GROUP_MAX = 100
const GROUPS_AT_ONCE_MAX = 2

/** Groups claims, extensions and releases, so that those that arrive together share a commit. */
export function createTogether(deps: {
  db: Database
  releases: Releases
  claimSeconds: number
  holdSeconds: number
  holdMaxSeconds: number
  waitingMax: number
}) {
  const { db } = deps
  const limits = { seconds: deps.holdSeconds, maxSeconds: deps.holdMaxSeconds }
  const bounds = {
    mixesKeys: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: GROUPS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
  }

  const releaseOwn = createGroups<ReleaseRequest, BuyerReleaseResult>({
    ...bounds,
    keyOf: ({ reservationId }) => reservationId,
    run: (requests) => db.transact((tx) => deps.releases.releaseOwn(tx, requests)),
  })

  return {
    claim: shareCommits<ClaimRequest, ClaimResult>(db, bounds, (tx, request) =>
      claim(tx, request, deps.claimSeconds),
    ),
    extendOwn: shareCommits<ExtendRequest, ExtendResult>(db, bounds, (tx, request) =>
      extendOwn(tx, request, limits),
    ),
    releaseOwn: (request: Omit<ReleaseRequest, 'origin'>) =>
      releaseOwn({ ...request, origin: currentOrigin() }),
  }
}
export type Together = ReturnType<typeof createTogether>

/**
 * Runs requests that arrive together in one transaction, with their statements pipelined. Only for work that
 * locks nothing but its own reservation and order; requests for one reservation run one at a time.
 */
function shareCommits<Request extends { readonly reservationId: string }, Result>(
  db: Database,
  bounds: { mixesKeys: boolean; groupMax: number; groupsAtOnceMax: number; waitingMax: number },
  work: (tx: Tx, request: Request) => Promise<Result>,
): (request: Request) => Promise<Result> {
  interface Task {
    readonly key: string
    execute(tx: Tx): Promise<Result>
  }
  const ask = createGroups<Task, Result>({
    ...bounds,
    keyOf: ({ key }) => key,
    perKeyMax: 1,
    run: (tasks) => db.transact((tx) => sideBySide(tasks.map((task) => task.execute(tx)))),
  })
  return (request) =>
    ask({ key: request.reservationId, execute: AsyncLocalStorage.bind((tx) => work(tx, request)) })
}
