import { z } from 'zod'

/** The value of a variable that holds JSON; refused where it does not. */
export function json(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue('must be JSON')
    return z.NEVER
  }
}
