import { Email, type QueueName, queueNames, queues, Role } from '@boxoffice/contracts'
import { InputError } from './failure.ts'

// What a person writes on the command line, as what it means. Each throws an InputError, one sentence that
// says what is wrong.

export function parseCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InputError(`${option} is ${text}, which is no count from 1 on`)
  return Number(text)
}

export function parseQueue(text: string): QueueName {
  const found = queueNames.find((name) => name === text || queues[name].deadLetterQueue === text)
  if (!found) throw new InputError(`there is no queue ${text}, only ${queueNames.join(', ')}`)
  return found
}

export function parseEmail(text: string): string {
  const email = Email.safeParse(text)
  if (!email.success) throw new InputError(`${text} is no mail address`)
  return email.data
}

export function parseRole(text: string): Role {
  const role = Role.safeParse(text.toUpperCase())
  if (!role.success) throw new InputError(`there is no role ${text}, only ${Role.options.join(', ')}`)
  return role.data
}
