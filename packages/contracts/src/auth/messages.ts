import * as z from 'zod'
import { defineMessage } from '../messages/define-message.ts'
import { KeptEmail } from '../values/email.ts'
import { UserId } from '../values/ids.ts'
import { Instant, Locale, shownLine } from '../values/text.ts'

const Recipient = z.object({
  userId: UserId,
  email: KeptEmail,
  firstName: shownLine(100),
  lastName: shownLine(100),
  locale: Locale,
})

/** A token in transit: a compact JWE that only the notification service can decrypt, and its expiry. */
const sealedToken = { sealedToken: z.string().max(2_000), tokenExpiresAt: Instant }

export const userCreated = defineMessage('USER_CREATED', {
  topics: ['user-events'],
  attributes: ['userId'],
  payload: Recipient.extend({ ...sealedToken, createdAt: Instant }),
  secret: true,
})
export const emailVerificationRequested = defineMessage('EMAIL_VERIFICATION_REQUESTED', {
  topics: ['user-events'],
  attributes: ['userId'],
  payload: Recipient.extend(sealedToken),
  secret: true,
})
export const passwordResetRequested = defineMessage('PASSWORD_RESET_REQUESTED', {
  topics: ['user-events'],
  attributes: ['userId'],
  payload: Recipient.extend(sealedToken),
  secret: true,
})
/** `email` is the new address, not confirmed yet. */
export const emailChangeRequested = defineMessage('EMAIL_CHANGE_REQUESTED', {
  topics: ['user-events'],
  attributes: ['userId'],
  payload: Recipient.extend(sealedToken),
  secret: true,
})
/** `email` is the previous address: the token restores it. */
export const emailChanged = defineMessage('EMAIL_CHANGED', {
  topics: ['user-events'],
  attributes: ['userId'],
  payload: Recipient.extend(sealedToken),
  secret: true,
})
/**
 * Sessions ended by signing out or for security; expiry alone is not published. `allUntil` ends all that the
 * user began until then, including expired ones that are no longer stored.
 */
export const sessionsEnded = defineMessage('SESSIONS_ENDED', {
  topics: ['user-events'],
  attributes: ['userId'],
  payload: z
    .object({ userId: UserId, sessionIds: z.array(z.uuid()).max(1_000), allUntil: Instant.optional() })
    .refine(
      ({ sessionIds, allUntil }) => sessionIds.length > 0 || allUntil !== undefined,
      'names no session',
    ),
})
export const userEmailVerified = defineMessage('USER_EMAIL_VERIFIED', {
  topics: ['user-events'],
  attributes: ['userId'],
  payload: z.object({ userId: UserId, email: KeptEmail, verifiedAt: Instant }),
})
