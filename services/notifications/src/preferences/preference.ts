import { Channel, NotificationType, type Preference, type PreferenceChanges } from '@boxoffice/contracts'

/** How people are reached. */
export type SentBy = Preference['channel']

/**
 * Mails without which somebody would lose an account, a ticket, an evening or money: nobody can turn them
 * off.
 */
const mandatory: readonly NotificationType[] = [
  'EMAIL_VERIFICATION',
  'PASSWORD_RESET',
  'EMAIL_CHANGE',
  'EMAIL_CHANGED',
  'ORDER_CONFIRMATION',
  'EVENT_CANCELLED',
  'REFUND_PROCESSED',
  'TICKETS_STOPPED',
  'ORDER_CONTACT_REQUESTED',
  'ORDER_CONTACT_CHANGED',
]
/**
 * Mails that nobody gets who did not ask for them: the confirmation shows what was paid, and every change of
 * an order that ends something has a mail of its own (ORDER_CONFIRMATION, PAYMENT_FAILED, REFUND_PROCESSED,
 * ORDER_CANCELLED).
 */
const offByDefault: readonly NotificationType[] = ['PAYMENT_PROCESSED', 'ORDER_STATUS_CHANGED']

/** What may also come as a text message. */
export const textedTypes = [
  'ORDER_CONFIRMATION',
  'ORDER_CREATED',
  'ORDER_STATUS_CHANGED',
  'ORDER_CANCELLED',
  'PAYMENT_PROCESSED',
  'EVENT_UPDATED',
  'EVENT_CANCELLED',
  'EVENT_REMINDER',
  'TICKET_TRANSFERRED',
  'REFUND_PROCESSED',
] as const satisfies readonly NotificationType[]
export type TextedType = (typeof textedTypes)[number]

/**
 * What may also come as a push, to browsers that subscribed: all that a text message may say, and that a
 * payment failed.
 */
export const pushedTypes = [...textedTypes, 'PAYMENT_FAILED'] as const satisfies readonly NotificationType[]
export type PushedType = (typeof pushedTypes)[number]
/**
 * Pushes that a browser's owner has to ask for: what follows a moment after the press of a button of their
 * own.
 */
const pushesOffByDefault: readonly NotificationType[] = [
  'ORDER_CREATED',
  'ORDER_STATUS_CHANGED',
  'PAYMENT_PROCESSED',
]

/** Mails that quiet hours do not hold up: they are waited for, or of no use in the morning. */
const urgent: readonly NotificationType[] = [
  'USER_WELCOME',
  'EMAIL_VERIFICATION',
  'PASSWORD_RESET',
  'EMAIL_CHANGE',
  'EMAIL_CHANGED',
  'ORDER_CONFIRMATION',
  'EVENT_CANCELLED',
  'TICKETS_STOPPED',
  'ORDER_CONTACT_REQUESTED',
  'ORDER_CONTACT_CHANGED',
]

export const isTexted = (type: NotificationType): type is TextedType =>
  (textedTypes as readonly string[]).includes(type)
export const isPushed = (type: NotificationType): type is PushedType =>
  (pushedTypes as readonly string[]).includes(type)
export const isUrgent = (type: NotificationType, channel: SentBy): boolean =>
  channel === 'EMAIL' && urgent.includes(type)

/** What somebody chose otherwise than the default. */
export interface Choice {
  type: NotificationType
  channel: SentBy
  enabled: boolean
}

/**
 * What each channel is for: whether somebody may turn a type on or off, and how it is where nobody said
 * anything.
 */
const channels: Readonly<
  Record<SentBy, Record<'isChangeable' | 'isOnByDefault', (type: NotificationType) => boolean>>
> = {
  EMAIL: {
    isChangeable: (type) => !mandatory.includes(type),
    isOnByDefault: (type) => !offByDefault.includes(type),
  },
  SMS: { isChangeable: isTexted, isOnByDefault: () => false },
  // A browser that subscribes asks for them.
  PUSH: {
    isChangeable: isPushed,
    isOnByDefault: (type) => isPushed(type) && !pushesOffByDefault.includes(type),
  },
}
/** Whether somebody may turn it off: a mail that is not owed, a text message, a push. */
export const isChangeable = (type: NotificationType, channel: SentBy) => channels[channel].isChangeable(type)
const isOnByDefault = (type: NotificationType, channel: SentBy) => channels[channel].isOnByDefault(type)

/** Whether somebody with these choices gets a type by a channel. */
export function isEnabled(type: NotificationType, channel: SentBy, choices: readonly Choice[]): boolean {
  const choice =
    isChangeable(type, channel) &&
    choices.find((chosen) => chosen.type === type && chosen.channel === channel)
  return choice ? choice.enabled : isOnByDefault(type, channel)
}

/** Whether pushes are sent at all. */
export interface Offered {
  readonly push: boolean
}

/** Every type by every channel, as somebody with these choices gets it. */
export const effective = (choices: readonly Choice[], { push }: Offered): Preference[] =>
  NotificationType.options.flatMap((type) =>
    Channel.options.map((channel) => ({
      type,
      channel,
      enabled: (push || channel !== 'PUSH') && isEnabled(type, channel, choices),
      changeable: (push || channel !== 'PUSH') && isChangeable(type, channel),
    })),
  )

/** What is wrong with changes: what cannot be turned off or on, and what is said twice. */
export function objectionsTo(
  { preferences }: PreferenceChanges,
  { push }: Offered,
): { path: string; message: string }[] {
  return preferences.flatMap(({ type, channel, enabled }, index) => {
    const about = (field: string, message: string) => [
      { path: `body.preferences.${index}.${field}`, message },
    ]
    const first = preferences.findIndex((other) => other.type === type && other.channel === channel)
    if (first !== index) return about('type', `${type} by ${channel} is named before`)
    if (channel === 'PUSH' && !push)
      return enabled ? about('enabled', 'this installation sends no pushes') : []
    if (isChangeable(type, channel) || enabled === isOnByDefault(type, channel)) return []
    return about(
      'enabled',
      enabled ? `${type} is not sent by ${channel}` : `${type} by ${channel} cannot be turned off`,
    )
  })
}
