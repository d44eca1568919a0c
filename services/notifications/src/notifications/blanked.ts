/**
 * An error for the log: what happened and where, without mail addresses, which providers like to put into
 * their messages.
 */
export function blanked(error: unknown): { type: string; message: string; stack?: string } {
  if (!(error instanceof Error)) return { type: typeof error, message: blankAddresses(String(error)) }
  const cause = error.cause instanceof Error ? `: ${error.cause.name}: ${error.cause.message}` : ''
  return {
    type: error.constructor.name,
    message: blankAddresses(error.message + cause),
    ...(error.stack && { stack: blankAddresses(error.stack) }),
  }
}

/** A text without the mail addresses in it. */
export const blankAddresses = (text: string): string => text.replace(/[^\s<>"'(]+@[\w.-]+\.\w+/g, '[address]')
