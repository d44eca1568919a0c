import * as event from './event-messages.ts'
import * as mail from './mail-messages.ts'
import type { MessageDefinition } from './message.ts'
import * as notification from './notification-messages.ts'
import * as ops from './ops-messages.ts'
import * as order from './order-commands.ts'
import * as payment from './payment-messages.ts'
import * as ticket from './ticket-messages.ts'
import * as user from './user-messages.ts'

/** Every message there is, by its `eventType`. */
export const messages: ReadonlyMap<string, MessageDefinition> = new Map(
  [user, event, payment, ticket, order, mail, notification, ops]
    .flatMap((module): MessageDefinition[] => Object.values(module))
    .map((definition) => [definition.eventType, definition]),
)
