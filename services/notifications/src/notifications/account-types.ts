import type { NotificationType } from '@boxoffice/contracts'

/**
 * About an address: the words are ours alone, somebody waits for the link, and who asks for it limits how
 * many there are.
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
