import { UnexpectedAnswer } from '@boxoffice/service-kit'

/** Thrown for invalid input; the message is one sentence for the operator. */
export class InputError extends Error {}

const known: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'unknown host',
  EHOSTUNREACH: 'host unreachable',
}

/** Returns in a few words why a call failed. */
export function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time'
  const codes = [error, error.cause].map((each) => (each as { code?: string } | undefined)?.code ?? '')
  const words = codes.map((code) => known[code]).find((each) => each !== undefined)
  return words ?? (error.message.split('\n')[0] || error.name)
}

/** Returns why a request to a service failed, and what to check. */
export function reasonOf(error: unknown, service: string, url: string): string {
  if (!(error instanceof UnexpectedAnswer)) return `${service} is unavailable at ${url}: ${failureOf(error)}`
  if (error.status === 401 || error.status === 403)
    return `${service} does not accept our key: does SERVICE_PRIVATE_KEY belong to that system?`
  return `${service} answered ${error.status}`
}
