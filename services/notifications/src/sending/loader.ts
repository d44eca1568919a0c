import { isDeepStrictEqual } from 'node:util'
import type { NotificationType } from '@boxoffice/contracts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { payloadOf } from '../notifications/payloads.ts'
import type { Ended, Recheck } from './composition.ts'
import type { About, Load, Loaded, Loaders } from './content.ts'

/** Loads the current data of one notification. `isWritten`: only to check whether it is still correct. */
export type Loader = (isWritten: boolean) => Promise<Loaded | Ended>

/** The fields of a notification that loading needs. */
export type Loadable = Pick<
  LeasedNotification,
  'type' | 'recipientId' | 'address' | 'causedAt' | 'bulk' | 'payload'
>

/** Returns the loader of a notification by its type. */
export function loaderOf(
  loaders: Loaders<NotificationType>,
  notification: Loadable,
  reader: About['reader'],
): Loader {
  const { type, recipientId, address, causedAt, bulk } = notification
  const load = loaders[type] as Load<NotificationType>
  const payload = payloadOf(type, notification)
  const requested = recipientId !== null && address !== null
  return (isWritten) => load(payload, { reader, recipientId, address, causedAt, requested, bulk, isWritten })
}

export const isEnded = (loaded: Loaded | Ended): loaded is Ended =>
  'dropped' in loaded || 'obsolete' in loaded

/** Returns a check that compares the current facts with those of `loaded`. */
export const recheckOf =
  (load: Loader, { facts }: Loaded): Recheck =>
  async () => {
    const now = await load(true)
    return isEnded(now) ? now : isDeepStrictEqual(now.facts, facts) ? 'SAME' : 'CHANGED'
  }
