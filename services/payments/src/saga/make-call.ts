import { type CrashAt, ServiceUnavailable, UnexpectedAnswer } from '@boxoffice/service-kit'
import { type CallPorts, isOwnLimit, type StepResult } from './call.ts'
import type { StoredSaga } from './saga-repository.ts'
import { declarationOf } from './states.ts'

/**
 * Makes the remote call that the saga's state declares. Calls carry our ids and keys, so that they can be
 * repeated.
 */
export function createRemoteSteps(
  ports: CallPorts & { crashAt: CrashAt },
): (saga: StoredSaga) => Promise<StepResult> {
  return async (saga) => {
    const { call, crash } = declarationOf(saga.state)
    if (!call) throw new Error(`a saga in ${saga.state} has no call to make`)
    if (crash?.before) ports.crashAt(crash.before)
    try {
      const result = await call(ports, saga)
      if (crash?.after) ports.crashAt(crash.after)
      return result
    } catch (error) {
      if (!(error instanceof ServiceUnavailable || error instanceof UnexpectedAnswer)) throw error
      return resultOfFailure(saga, error)
    }
  }
}

/** Retries the call. An unavailable callee is tolerable; an error answer counts as a failure. */
function resultOfFailure(saga: StoredSaga, error: ServiceUnavailable | UnexpectedAnswer): StepResult {
  const { mustSucceed } = declarationOf(saga.state)
  const isAnswer = error instanceof UnexpectedAnswer || (error.reason === 'ANSWER' && error.sent)
  return {
    retryReason: error.message,
    isOwnLimit: error instanceof ServiceUnavailable && isOwnLimit(error.reason),
    isFailure: mustSucceed === 'always' || (mustSucceed === 'when answered' && isAnswer),
  }
}
