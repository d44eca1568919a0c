import { AsyncLocalStorage } from 'node:async_hooks'
import { currentOrigin } from '@boxoffice/messaging'
import { createGroups, type Database, sideBySide, type Tx } from '@boxoffice/service-kit'
import { type ClaimResult, type ClaimWish, claim } from './claim.ts'
import { type ExtendResult, type ExtendWish, extendOwn } from './extend.ts'
import type { BuyerReleaseResult, ReleaseRequest, Releases } from './release.ts'

const GROUP_MAX = 100
const GROUPS_AT_ONCE_MAX = 2

/** Claims, extensions and releases: those that arrive together share a commit. */
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
    mixesLanes: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: GROUPS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
  }

  const releaseOwn = createGroups<ReleaseRequest, BuyerReleaseResult>({
    ...bounds,
    laneOf: ({ reservationId }) => reservationId,
    run: (requests) => db.transact((tx) => deps.releases.releaseOwn(tx, requests)),
  })

  return {
    claim: shareCommits<ClaimWish, ClaimResult>(db, bounds, (tx, wish) => claim(tx, wish, deps.claimSeconds)),
    extendOwn: shareCommits<ExtendWish, ExtendResult>(db, bounds, (tx, wish) => extendOwn(tx, wish, limits)),
    releaseOwn: (wish: Omit<ReleaseRequest, 'origin'>) => releaseOwn({ ...wish, origin: currentOrigin() }),
  }
}
export type Together = ReturnType<typeof createTogether>

/**
 * Requests that arrive together are one transaction, in which their statements travel side by side. Only for
 * what locks nothing but its own reservation and order: of one reservation there is one request at a time.
 */
function shareCommits<Wish extends { readonly reservationId: string }, Result>(
  db: Database,
  bounds: { mixesLanes: boolean; groupMax: number; groupsAtOnceMax: number; waitingMax: number },
  work: (tx: Tx, wish: Wish) => Promise<Result>,
): (wish: Wish) => Promise<Result> {
  interface Request {
    readonly lane: string
    carryOut(tx: Tx): Promise<Result>
  }
  const ask = createGroups<Request, Result>({
    ...bounds,
    laneOf: ({ lane }) => lane,
    ofLaneMax: 1,
    run: (requests) => db.transact((tx) => sideBySide(requests.map((request) => request.carryOut(tx)))),
  })
  return (wish) => ask({ lane: wish.reservationId, carryOut: AsyncLocalStorage.bind((tx) => work(tx, wish)) })
}
