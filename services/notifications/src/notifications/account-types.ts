import type { NotificationType } from '@boxoffice/contracts'

/**
 * Notifications about an address. Their words are ours alone, the reader waits for the link, and the
 * requesting service limits their number.
 */
export const accountTypes: readonly NotificationType[] = [
  'USER_WELCOME',
  'EMAIL_VERIFICATION',
  'PASSWORD_RESET',
  'EMAIL_CHANGE',
  'EMAIL_CHANGED',
  'ORDER_CONTACT_REQUESTED',
  'ORDER_CONTACT_CHANGED',
]
export const isOfAccount = (type: NotificationType): boolean => accountTypes.includes(type)
