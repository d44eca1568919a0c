/** Thrown for wrong usage or configuration (exit code 2); the message is one sentence for the operator. */
export class InputError extends Error {}

/**
 * Thrown when a command could not do its work (exit code 1); the message is one sentence for the operator.
 */
export class Failure extends Error {
  /** For programs: `NOT_FOUND`, `SERVICE_UNAVAILABLE`, … */
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

const known: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
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
