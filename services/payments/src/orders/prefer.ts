const MAX_LENGTH = 1_000

/**
 * Whether a client prefers not to wait: `Prefer: respond-async` (RFC 7240), also among other preferences, in
 * any case and with parameters. Several headers come as one, joined by commas. Nobody has that many
 * preferences: what is longer is not looked at.
 */
export function prefersAsync(prefer: string | string[] | undefined): boolean {
  const text = [prefer ?? ''].flat().join(',')
  if (text.length > MAX_LENGTH) return false
  return preferencesOf(text).some((preference) =>
    /^\s*respond-async\s*(?:=\s*""\s*)?(?:;|$)/i.test(preference),
  )
}

/**
 * Parted by commas, but a quoted value may hold anything. It matches whatever comes, so that nothing is
 * looked at twice.
 */
const preferencesOf = (text: string): readonly string[] => text.match(/(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g) ?? []

/** Said beside a 202 that came of it. */
export const preferenceApplied = { 'preference-applied': 'respond-async' }
