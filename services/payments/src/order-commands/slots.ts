import type { Capacity } from '@boxoffice/messaging'
import { createConcurrencyLimit } from '@boxoffice/service-kit'

/** A claimed slot: run one job in it, or free it. */
export interface Slot {
  /** The job must not reject. */
  work(job: () => Promise<void>): void
  free(): void
}

/** Slots for background jobs. */
export interface Slots extends Capacity {
  /** Claims a slot; null if none is free. */
  claim(): Slot | null
  /** Resolves when nothing is in progress. */
  idle(): Promise<void>
}

/** `onChange` gets the numbers of busy and free slots. */
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
