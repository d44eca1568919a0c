import { analyticsCommands } from './analytics/definitions.ts'
import { cacheCommands } from './cache/definitions.ts'
import { dlqCommands } from './dlq/definitions.ts'
import { eventsCommands } from './events/definitions.ts'
import type { CommandDefinition, Groups } from './framework/command.ts'
import { completionCommand } from './framework/completion-command.ts'
import { invariantsCommand } from './invariants/definitions.ts'
import { migrateCommand } from './migrate/definitions.ts'
import { notificationsCommands } from './notifications/definitions.ts'
import { outboxCommands } from './outbox/definitions.ts'
import { queueCommands } from './queues/definitions.ts'
import { sagasCommands } from './sagas/definitions.ts'
import { statusCommand } from './status/definitions.ts'
import { traceCommand } from './trace/definitions.ts'
import { usersCommands } from './users/definitions.ts'

/** The groups of commands, in the order of the help. */
export const groups: Groups = {
  sagas: 'purchases and refunds in progress, and their journals',
  outbox: 'messages that services write, and publishing them again',
  dlq: 'dead letters, which are messages that a service could not handle',
  queue: 'change a live queue',
  notifications: 'mails, texts and pushes, and suppressed addresses',
  events: 'refunds of cancelled events',
  users: 'users and their roles',
  cache: 'the caches of the services',
  analytics: 'the read side and its rebuilds',
}

/** Every command. Their modules contain definitions only: what runs is imported when it runs. */
export const commands: readonly CommandDefinition[] = [
  statusCommand,
  traceCommand,
  invariantsCommand,
  ...sagasCommands,
  ...outboxCommands,
  ...dlqCommands,
  ...queueCommands,
  ...notificationsCommands,
  ...eventsCommands,
  ...usersCommands,
  ...cacheCommands,
  ...analyticsCommands,
  migrateCommand,
  completionCommand,
]
