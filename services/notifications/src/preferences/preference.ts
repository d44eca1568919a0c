import { Channel, NotificationType, type Preference, type PreferenceChanges } from '@boxoffice/contracts'

/** The channel of a notification. */
export type SentBy = Preference['channel']

/** Mails that cannot be turned off: without them a user may lose an account, a ticket, an event or money. */
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
 * Mails that are off by default: the confirmation shows what was paid, and every final change of an order has
 * its own mail (ORDER_CONFIRMATION, PAYMENT_FAILED, REFUND_PROCESSED, ORDER_CANCELLED).
 */
const offByDefault: readonly NotificationType[] = ['PAYMENT_PROCESSED', 'ORDER_STATUS_CHANGED']

/** Types that have a text message. */
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

/** Types that have a push: all that have a text message, and PAYMENT_FAILED. */
export const pushedTypes = [...textedTypes, 'PAYMENT_FAILED'] as const satisfies readonly NotificationType[]
export type PushedType = (typeof pushedTypes)[number]
/** Pushes that are off by default: they would arrive a moment after the user pressed a button. */
const pushesOffByDefault: readonly NotificationType[] = [
  'ORDER_CREATED',
  'ORDER_STATUS_CHANGED',
  'PAYMENT_PROCESSED',
]

/** Mails that quiet hours do not delay: their reader waits for them, or they are useless in the morning. */
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

/** A choice that differs from the default. */
export interface Choice {
  type: NotificationType
  channel: SentBy
  enabled: boolean
}

/** Per channel, whether a type can be turned on or off, and its default. */
const channels: Readonly<
  Record<SentBy, Record<'isChangeable' | 'isOnByDefault', (type: NotificationType) => boolean>>
> = {
  EMAIL: {
    isChangeable: (type) => !mandatory.includes(type),
    isOnByDefault: (type) => !offByDefault.includes(type),
  },
  SMS: { isChangeable: isTexted, isOnByDefault: () => false },
  // Subscribing a browser asks for pushes.
  PUSH: {
    isChangeable: isPushed,
    isOnByDefault: (type) => isPushed(type) && !pushesOffByDefault.includes(type),
  },
}
/** Whether a user can turn a type on or off for a channel. */
export const isChangeable = (type: NotificationType, channel: SentBy) => channels[channel].isChangeable(type)
const isOnByDefault = (type: NotificationType, channel: SentBy) => channels[channel].isOnByDefault(type)

/** Whether a user with these choices gets a type by a channel. */
export function isEnabled(type: NotificationType, channel: SentBy, choices: readonly Choice[]): boolean {
  const choice =
    isChangeable(type, channel) &&
    choices.find((chosen) => chosen.type === type && chosen.channel === channel)
  return choice ? choice.enabled : isOnByDefault(type, channel)
}

/** Whether this installation sends pushes. */
export interface Offered {
  readonly push: boolean
}

/** Returns every type by every channel with its effective setting. */
export const effective = (choices: readonly Choice[], { push }: Offered): Preference[] =>
  NotificationType.options.flatMap((type) =>
    Channel.options.map((channel) => ({
      type,
      channel,
      enabled: (push || channel !== 'PUSH') && isEnabled(type, channel, choices),
      changeable: (push || channel !== 'PUSH') && isChangeable(type, channel),
    })),
  )

/** Returns what is wrong with changes: types that cannot be changed, and duplicates. */
export function objectionsTo(
  { preferences }: PreferenceChanges,
  { push }: Offered,
): { path: string; message: string }[] {
  return preferences.flatMap(({ type, channel, enabled }, index) => {
    const about = (field: string, message: string) => [
      { path: `body.preferences.${index}.${field}`, message },
    ]
    const first = preferences.findIndex((other) => other.type === type && other.channel === channel)
    if (first !== index) return about('type', `${type} by ${channel} is listed twice`)
    if (channel === 'PUSH' && !push)
      return enabled ? about('enabled', 'this installation sends no pushes') : []
    if (isChangeable(type, channel) || enabled === isOnByDefault(type, channel)) return []
    return about(
      'enabled',
      enabled ? `${type} is not sent by ${channel}` : `${type} by ${channel} cannot be turned off`,
    )
  })
}
