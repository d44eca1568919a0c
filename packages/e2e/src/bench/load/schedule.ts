/**
 * Arrivals per second in the first seconds of an on-sale, measured at the ticket sale of Electromagnetic
 * Field (a festival of some 3,000 people); the busiest second has 134.
 */
export const EMF_ARRIVALS: readonly number[] = [
  7, 18, 52, 72, 131, 134, 108, 120, 125, 100, 39, 8, 14, 10, 17, 4, 8,
]

/**
 * Returns when each request is due, in milliseconds from the start: a count per second, spread evenly within
 * it.
 */
export function scheduleOf(perSecond: readonly number[], factor = 1): number[] {
  return perSecond.flatMap((count, second) => {
    const arrivals = Math.round(count * factor)
    return Array.from({ length: arrivals }, (_, index) => second * 1_000 + (index * 1_000) / arrivals)
  })
}

/** Returns a schedule with a constant rate. */
export const evenSchedule = (perSecond: number, seconds: number): number[] =>
  Array.from({ length: Math.round(perSecond * seconds) }, (_, index) => (index * 1_000) / perSecond)
