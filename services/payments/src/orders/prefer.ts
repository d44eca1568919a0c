const MAX_LENGTH = 1_000

/**
 * Returns whether a client prefers not to wait: `Prefer: respond-async` (RFC 7240), also among other
 * preferences, in any case and with parameters. Several headers arrive as one, joined by commas. Overlong
 * headers are ignored.
 */
export function prefersAsync(prefer: string | string[] | undefined): boolean {
  const text = [prefer ?? ''].flat().join(',')
  if (text.length > MAX_LENGTH) return false
  return preferencesOf(text).some((preference) =>
    /^\s*respond-async\s*(?:=\s*""\s*)?(?:;|$)/i.test(preference),
  )
}

/** Splits at commas outside quotes. The pattern matches any input, so that no part is scanned twice. */
const preferencesOf = (text: string): readonly string[] => text.match(/(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g) ?? []

/** Header of a 202 that was preferred. */
export const preferenceApplied = { 'preference-applied': 'respond-async' }
