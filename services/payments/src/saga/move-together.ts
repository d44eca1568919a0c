import { currentOrigin } from '@boxoffice/messaging'
import { type CrashAt, createGroups, type Database } from '@boxoffice/service-kit'
import type { Applied, ApplyAll, Move } from './apply.ts'
import type { SagaInput } from './input.ts'
import { isOvertaken } from './saga-moves-repository.ts'
import type { StoredSaga } from './saga-repository.ts'
import { declarationOf } from './states.ts'

const GROUP_MAX = 100

/**
 * Moves sagas by the results of their steps. Moves that arrive during a commit share the next one; a failing
 * one fails alone, and is repeated if a note came in between.
 */
export function createMover({ db, crashAt }: { db: Database; crashAt: CrashAt }, applyAll: ApplyAll) {
  const move = createGroups<Move, Applied>({
    keyOf: ({ saga }) => saga.orderId,
    perKeyMax: 1,
    mixesKeys: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: 1,
    // Only sagas in progress, which are limited elsewhere.
    waitingMax: Number.POSITIVE_INFINITY,
    run: (moves) =>
      db.transact(async (tx) => {
        const applied = await applyAll(tx, moves)
        for (const { saga } of moves) {
          const { commit } = declarationOf(saga.state).crash ?? {}
          if (commit) crashAt(commit)
        }
        return applied
      }),
  })
  return async (saga: StoredSaga, input: SagaInput): Promise<Applied> => {
    const request = { saga, input, origin: currentOrigin() }
    return move(request).catch((error) => {
      if (!isOvertaken(error)) throw error
      return move(request)
    })
  }
}
export type MoveSaga = ReturnType<typeof createMover>
