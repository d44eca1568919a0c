import type { PrismaTx, Transact } from '../transaction.ts'

/** A transaction in which feedback is taken in, and what is counted once it is committed. */
export interface FeedbackTx {
  tx: PrismaTx
  afterCommit(count: () => void): void
}

/** Transactions of feedback: what was rolled back, or has to be tried once more, was not counted. */
export const feedbackTransact =
  (transact: Transact) =>
  async <T>(work: (feedback: FeedbackTx) => Promise<T>): Promise<T> => {
    const counts: (() => void)[] = []
    const result = await transact((tx) => work({ tx, afterCommit: (count) => void counts.push(count) }))
    for (const count of counts) count()
    return result
  }
