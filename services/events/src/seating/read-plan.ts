import { NewSeatingPlan, seatCountOf } from '@boxoffice/contracts'
import { type Detail, detailsOf } from '@boxoffice/service-kit/validation'
import { z } from 'zod'

/** A valid plan as JSON, with the number of its seats. */
export type PlanRead = { zones: string; seatCount: number } | { details: readonly Detail[] }

const DETAILS_MAX = 50

/**
 * Parses the body of a new plan: megabytes, which take some hundred milliseconds. Runs in a worker thread,
 * see `plan-reader.ts`.
 */
export function readPlan(body: string): PlanRead {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (error) {
    return { details: [{ path: 'body', message: (error as Error).message.slice(0, 200) }] }
  }
  const read = z.safeDecode(NewSeatingPlan, json as never)
  if (!read.success) return { details: detailsOf('body', read.error).slice(0, DETAILS_MAX) }
  const { zones } = read.data
  return { zones: JSON.stringify(zones), seatCount: seatCountOf(zones) }
}
