import { AsyncLocalStorage } from 'node:async_hooks'

interface Context {
  correlationId: string
}
const storage = new AsyncLocalStorage<Context>()

/** The id that ties together everything one request or message causes; a new one outside of any. */
export const currentCorrelationId = (): string => storage.getStore()?.correlationId ?? crypto.randomUUID()

/** Run `work`, and all that it awaits, under a correlation id. */
export const withCorrelationId = <T>(correlationId: string, work: () => T): T =>
  storage.run({ correlationId }, work)

/** The correlation id if there is one: for log lines. */
export const findCorrelationId = (): string | undefined => storage.getStore()?.correlationId
