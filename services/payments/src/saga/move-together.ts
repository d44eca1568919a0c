import { currentOrigin } from '@boxoffice/messaging'
import { type CrashAt, createGroups, type Database } from '@boxoffice/service-kit'
import type { Applied, ApplyAll, Move } from './apply.ts'
import type { SagaInput } from './saga.ts'
import { isOvertaken } from './saga-moves-repository.ts'
import type { StoredSaga } from './saga-repository.ts'

const GROUP_MAX = 100

/**
 * Moves sagas on by what came of their steps. Those that come while the last commit is under way share the
 * next one; one that fails does so alone, and is made again where a note came in between.
 */
export function createMover({ db, crashAt }: { db: Database; crashAt: CrashAt }, applyAll: ApplyAll) {
  const move = createGroups<Move, Applied>({
    laneOf: ({ saga }) => saga.orderId,
    ofLaneMax: 1,
    mixesLanes: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: 1,
    // Of sagas that are at work, which are bounded elsewhere.
    waitingMax: Number.POSITIVE_INFINITY,
    run: (moves) =>
      db.transact(async (tx) => {
        const applied = await applyAll(tx, moves)
        if (moves.some(({ saga }) => saga.state === 'REPAYING')) crashAt('refund.before-commit')
        return applied
      }),
  })
  return async (saga: StoredSaga, input: SagaInput): Promise<Applied> => {
    const asked = { saga, input, origin: currentOrigin() }
    return move(asked).catch((error) => {
      if (!isOvertaken(error)) throw error
      return move(asked)
    })
  }
}
export type MoveSaga = ReturnType<typeof createMover>
