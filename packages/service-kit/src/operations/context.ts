import { AsyncLocalStorage } from 'node:async_hooks'

interface Context {
  correlationId: string
}
const storage = new AsyncLocalStorage<Context>()

/** Returns the id that connects everything one request or message causes; a new one outside of both. */
export const currentCorrelationId = (): string => storage.getStore()?.correlationId ?? crypto.randomUUID()

/** Runs `work`, and all that it awaits, under a correlation id. */
export const withCorrelationId = <T>(correlationId: string, work: () => T): T =>
  storage.run({ correlationId }, work)

/** Returns the correlation id, if any: for log lines. */
export const findCorrelationId = (): string | undefined => storage.getStore()?.correlationId
