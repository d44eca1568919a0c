import { z } from 'zod'
import { defineMessage } from './message.ts'

/** Something a person has to look at. */
export const opsAlert = defineMessage('OPS_ALERT', {
  topics: ['ops-alerts'],
  attributes: ['severity', 'source'],
  payload: z.object({
    severity: z.enum(['WARNING', 'CRITICAL']),
    source: z.string(),
    title: z.string(),
    detail: z.record(z.string(), z.unknown()),
  }),
})
