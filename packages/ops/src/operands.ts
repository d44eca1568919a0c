import { InputError } from './failure.ts'
import type { Operand } from './framework/command.ts'

// What several commands take. The contracts are loaded when a value is parsed, so that help and completion
// start fast.

const contracts = () => import('@boxoffice/contracts')

export const queue = {
  summary: 'the name of a queue, or of its dead-letter queue',
  parse: async (text: string) => {
    const { queueNames, queues } = await contracts()
    const found = queueNames.find((name) => name === text || queues[name].deadLetterQueue === text)
    if (!found) throw new InputError(`there is no queue ${text}; the queues are ${queueNames.join(', ')}`)
    return found
  },
  values: async () => (await contracts()).queueNames,
} satisfies Operand

export const service = {
  summary: 'the name of a service: auth, events, tickets, payments, notifications, analytics',
  parse: async (text: string) => {
    const { serviceKeys } = await contracts()
    const found = serviceKeys.find((key) => key === text)
    if (!found)
      throw new InputError(`there is no service ${text}; the services are ${serviceKeys.join(', ')}`)
    return found
  },
  values: async () => (await contracts()).serviceKeys,
} satisfies Operand

export const email = {
  summary: 'the address the user registered with',
  parse: async (text: string) => {
    const email = (await contracts()).Email.safeParse(text)
    if (!email.success) throw new InputError(`${text} is not a mail address`)
    return email.data
  },
} satisfies Operand

export const role = {
  summary: 'USER, ORGANIZER or ADMIN',
  parse: async (text: string) => {
    const { Role } = await contracts()
    const role = Role.safeParse(text.toUpperCase())
    if (!role.success)
      throw new InputError(`there is no role ${text}; the roles are ${Role.options.join(', ')}`)
    return role.data
  },
  values: async () => (await contracts()).Role.options,
} satisfies Operand

export const eventType = {
  summary: 'only messages of this type',
  parse: (text: string) => text,
  values: async () => [...(await contracts()).messages.keys()].sort(),
} satisfies Operand

/** One of these names, in any case; `what` names them for the error. */
export const oneOf = <T extends string>(
  summary: string,
  what: string,
  load: () => Promise<readonly T[]>,
) => ({
  summary,
  async parse(text: string): Promise<T> {
    const names = await load()
    const found = names.find((name) => name === text.toUpperCase())
    if (!found) throw new InputError(`there is no ${what} ${text}; there are ${names.join(', ')}`)
    return found
  },
  values: load,
})

/** A whole number from 1; `option` is its name for the error. */
export const count = (option: string, summary: string) => ({
  summary,
  parse: (text: string) => {
    if (!/^[1-9]\d{0,8}$/.test(text))
      throw new InputError(`${option} is ${text}; it must be a whole number from 1`)
    return Number(text)
  },
})

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time: how long ago, or as in ISO 8601. */
export const since = (summary: string, now: () => Date = () => new Date()) => ({
  summary: `${summary}: a time (2026-11-29T18:00Z), or how long ago (90s, 15m, 6h, 2d)`,
  parse: (text: string) => {
    const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
    if (amount && unit)
      return new Date(now().getTime() - Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS])
    const at = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
      ? new Date(text)
      : new Date(Number.NaN)
    if (Number.isNaN(at.getTime()))
      throw new InputError(
        `${text} is not a time: write 2026-11-29T18:00Z, or how long ago: 90s, 15m, 6h, 2d`,
      )
    return at
  },
})

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** An id; `what` names it for the error: an order id. */
export const id = <Id extends string>(what: string, summary: string) => ({
  summary,
  parse: (text: string) => {
    if (!UUID.test(text)) throw new InputError(`${text} is not ${what}: it must be a UUID`)
    return text.toLowerCase() as Id
  },
})
