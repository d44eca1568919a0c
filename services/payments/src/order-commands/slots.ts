import type { Capacity } from '@boxoffice/messaging'
import { createConcurrencyLimit } from '@boxoffice/service-kit'

/** A slot that is taken: work in it, once, or free it. */
export interface Slot {
  /** What it does must not reject. */
  work(job: () => Promise<void>): void
  free(): void
}

/** Slots for work that goes on beside its caller. */
export interface Slots extends Capacity {
  /** A slot from now on; null while there is none. */
  claim(): Slot | null
  /** Resolves when nothing is in progress. */
  idle(): Promise<void>
}

/** `onChange` gets how many are busy, and how many are free. */
export function createSlots(size: number, onChange: (busy: number, free: number) => void): Slots {
  const busy = new Set<Promise<void>>()
  const limit = createConcurrencyLimit({ concurrent: size })
  const { free } = limit
  return {
    free,
    waitForMore: limit.released,
    claim() {
      const release = limit.claim()
      if (!release) return null
      const leave = () => {
        release()
        onChange(busy.size, free())
      }
      return {
        free: leave,
        work(job) {
          const working = job().finally(() => {
            busy.delete(working)
            leave()
          })
          busy.add(working)
          onChange(busy.size, free())
        },
      }
    },
    async idle() {
      await Promise.all(busy)
    },
  }
}
