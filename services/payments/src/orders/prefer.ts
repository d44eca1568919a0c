/**
 * Whether a client prefers not to wait: `Prefer: respond-async` (RFC 7240), also among other preferences, in any case and with
 * parameters. Several headers come as one, joined by commas.
 */
export function prefersAsync(prefer: string | string[] | undefined): boolean {
  // A quoted value may hold anything, commas included.
  const text = [prefer ?? '']
    .flat()
    .join(',')
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
  return text.split(',').some((preference) => /^\s*respond-async\s*(?:=\s*""\s*)?(?:;|$)/i.test(preference))
}

/** Said beside a 202 that came of it. */
export const preferenceApplied = { 'preference-applied': 'respond-async' }
