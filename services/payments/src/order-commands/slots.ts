import type { Room } from '@boxoffice/messaging'
import { createConcurrencyLimit } from '@boxoffice/service-kit'

/** A place that is taken: work in it, once, or give it back. */
export interface Slot {
  /** What it does must not reject. */
  work(job: () => Promise<void>): void
  giveBack(): void
}

/** Places for work that goes on beside whoever gives it. */
export interface Slots extends Room {
  /** A place from now on; null while there is none. */
  claim(): Slot | null
  /** Resolves when nothing is at work. */
  idle(): Promise<void>
}

/** `onChange` is told how many are at work, and how many are free. */
export function createSlots(size: number, onChange: (atWork: number, free: number) => void): Slots {
  const atWork = new Set<Promise<void>>()
  const limit = createConcurrencyLimit({ concurrent: size })
  const { free } = limit
  return {
    free,
    waitForRoom: limit.released,
    claim() {
      const release = limit.claim()
      if (!release) return null
      const leave = () => {
        release()
        onChange(atWork.size, free())
      }
      return {
        giveBack: leave,
        work(job) {
          const working = job().finally(() => {
            atWork.delete(working)
            leave()
          })
          atWork.add(working)
          onChange(atWork.size, free())
        },
      }
    },
    async idle() {
      await Promise.all(atWork)
    },
  }
}
