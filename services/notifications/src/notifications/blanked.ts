/** Describes an error for the log without mail addresses, which providers put into their messages. */
export function blanked(error: unknown): { type: string; message: string; stack?: string } {
  if (!(error instanceof Error)) return { type: typeof error, message: blankAddresses(String(error)) }
  const cause = error.cause instanceof Error ? `: ${error.cause.name}: ${error.cause.message}` : ''
  return {
    type: error.constructor.name,
    message: blankAddresses(error.message + cause),
    ...(error.stack && { stack: blankAddresses(error.stack) }),
  }
}

/** Removes mail addresses from a text. */
export const blankAddresses = (text: string): string => text.replace(/[^\s<>"'(]+@[\w.-]+\.\w+/g, '[address]')
