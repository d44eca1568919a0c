import type { Room } from '@boxoffice/messaging'

/** Places for work that goes on beside whoever gives it. */
export interface Slots extends Room {
  /** Work in a slot from now on. What it does must not reject. */
  take(work: () => Promise<void>): void
  /** Resolves when all slots are empty. */
  idle(): Promise<void>
}

/** `onChange` is told how many are taken. */
export function createSlots(size: number, onChange: (taken: number) => void): Slots {
  const atWork = new Set<Promise<void>>()
  const waiting: (() => void)[] = []

  return {
    free: () => size - atWork.size,
    waitForRoom: () => new Promise((resolve) => waiting.push(resolve)),
    take(job) {
      const working = job().finally(() => {
        atWork.delete(working)
        onChange(atWork.size)
        for (const goOn of waiting.splice(0)) goOn()
      })
      atWork.add(working)
      onChange(atWork.size)
    },
    async idle() {
      await Promise.all(atWork)
    },
  }
}
