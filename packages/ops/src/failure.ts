import { UnexpectedAnswer } from '@boxoffice/service-kit'

/**
 * What we were given to work with will not do; the message is one sentence for the person at the terminal.
 */
export class InputError extends Error {}

const known: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EHOSTUNREACH: 'the host cannot be reached',
}

/** Why a call did not come through, in a few words for a person. */
export function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time'
  const codes = [error, error.cause].map((each) => (each as { code?: string } | undefined)?.code ?? '')
  const words = codes.map((code) => known[code]).find((each) => each !== undefined)
  return words ?? (error.message.split('\n')[0] || error.name)
}

/** Why a service did not do what it was asked for, with what to look at. */
export function reasonOf(error: unknown, service: string, url: string): string {
  if (!(error instanceof UnexpectedAnswer)) return `${service} does not answer at ${url}: ${failureOf(error)}`
  if (error.status === 401 || error.status === 403)
    return `${service} does not know our key: is SERVICE_PRIVATE_KEY that of this system?`
  return `${service} answered ${error.status}`
}
