import * as z from 'zod'
import { defineRoute, Empty, NextCursor, Page } from '../http/define-route.ts'
import { Email } from '../values/email.ts'
import { NotificationId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'
import { SUPPRESSION_NOT_FOUND } from './refusals.ts'

/**
 * Why an address gets no mails any more: it does not exist, or its reader does not want ours. OPT_OUT: no
 * mails caused by others who entered the address.
 */
export const SuppressionCause = z.enum(['BOUNCE', 'COMPLAINT', 'OPT_OUT'])
export type SuppressionCause = z.output<typeof SuppressionCause>

const AddressHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex')
  .meta({ description: 'SHA-256 of the normalized address: the address itself is not stored' })

export const Suppression = z.object({
  cause: SuppressionCause,
  reason: z.string(),
  since: Instant,
  notificationId: NotificationId.optional().meta({ description: 'the mail that caused it' }),
})
export type Suppression = z.output<typeof Suppression>

/** A suppression with the hash of its address. */
export const ListedSuppression = Suppression.extend({ addressHash: AddressHash })
export type ListedSuppression = z.output<typeof ListedSuppression>

export const notificationsSuppressionRoutes = {
  findSuppressions: defineRoute({
    method: 'POST',
    path: '/api/notifications/ops/suppressions/find',
    summary:
      'Check whether an address is suppressed, and why; a POST, so that no request log shows the address',
    access: 'operator',
    idempotency: 'none',
    body: z.strictObject({ email: Email }),
    responses: { 200: z.object({ addressHash: AddressHash, suppressions: z.array(Suppression) }) },
  }),
  listSuppressions: defineRoute({
    method: 'GET',
    path: '/api/notifications/ops/suppressions',
    summary: 'List suppressed addresses by their hashes, newest first',
    access: 'operator',
    query: Page.extend({
      cause: SuppressionCause.optional(),
      since: Instant.optional().meta({ description: 'only those reported at this time or later' }),
    }),
    responses: { 200: z.object({ suppressions: z.array(ListedSuppression), nextCursor: NextCursor }) },
  }),
  liftSuppressions: defineRoute({
    method: 'DELETE',
    path: '/api/notifications/ops/suppressions/:addressHash',
    summary: 'Allow mails to an address again',
    access: 'operator',
    params: z.object({ addressHash: AddressHash }),
    responses: { 204: Empty },
    refusals: [SUPPRESSION_NOT_FOUND],
  }),
} as const
