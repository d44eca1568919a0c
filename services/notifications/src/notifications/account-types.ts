import type { NotificationType } from '@boxoffice/contracts'

/** About an account: its words are ours alone, somebody waits for its link, and auth limits how many there are. */
export const accountTypes: readonly NotificationType[] = [
  'USER_WELCOME',
  'EMAIL_VERIFICATION',
  'PASSWORD_RESET',
  'EMAIL_CHANGE',
  'EMAIL_CHANGED',
]
export const isOfAccount = (type: NotificationType): boolean => accountTypes.includes(type)
