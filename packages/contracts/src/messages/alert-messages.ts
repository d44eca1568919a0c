import * as z from 'zod'
import { cutTo } from '../values/text.ts'
import { defineMessage } from './define-message.ts'

/** Characters of JSON. */
const DETAIL_MAX = 10_000

/** An alert that an operator has to look at. */
export const opsAlert = defineMessage('OPS_ALERT', {
  topics: ['ops-alerts'],
  attributes: ['severity', 'source'],
  payload: z.object({
    severity: z.enum(['WARNING', 'CRITICAL']),
    source: z.string().max(40),
    title: cutTo(200),
    detail: z
      .record(z.string(), z.unknown())
      .refine((detail) => JSON.stringify(detail).length <= DETAIL_MAX, 'is too much for an alert')
      .meta({ description: 'what it is about, by names', maxLength: DETAIL_MAX }),
  }),
})
