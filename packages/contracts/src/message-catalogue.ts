import * as user from './auth/messages.ts'
import * as event from './events/messages.ts'
import * as ops from './messages/alert-messages.ts'
import type { MessageDefinition } from './messages/define-message.ts'
import * as mail from './notifications/mail-messages.ts'
import * as notification from './notifications/messages.ts'
import * as order from './payments/command-messages.ts'
import * as payment from './payments/messages.ts'
import * as ticket from './tickets/messages.ts'

/** Every message by its `eventType`. */
export const messages: ReadonlyMap<string, MessageDefinition> = new Map(
  [user, event, payment, ticket, order, mail, notification, ops]
    .flatMap((module): MessageDefinition[] => Object.values(module))
    .map((definition) => [definition.eventType, definition]),
)
