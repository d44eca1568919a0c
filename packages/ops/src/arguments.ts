import { Email, type QueueName, queueNames, queues, Role } from '@boxoffice/contracts'
import { InputError } from './failure.ts'

// Parses command line arguments. Each function throws an InputError whose message is one sentence for the
// operator.

export function parseCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InputError(`${option} is ${text}; it must be a whole number from 1`)
  return Number(text)
}

export function parseQueue(text: string): QueueName {
  const found = queueNames.find((name) => name === text || queues[name].deadLetterQueue === text)
  if (!found) throw new InputError(`there is no queue ${text}; the queues are ${queueNames.join(', ')}`)
  return found
}

export function parseEmail(text: string): string {
  const email = Email.safeParse(text)
  if (!email.success) throw new InputError(`${text} is not a mail address`)
  return email.data
}

export function parseRole(text: string): Role {
  const role = Role.safeParse(text.toUpperCase())
  if (!role.success)
    throw new InputError(`there is no role ${text}; the roles are ${Role.options.join(', ')}`)
  return role.data
}
