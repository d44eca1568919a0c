const KEPT_MAX = 1_000

/**
 * Memoizes a function of a text whose results are expensive, such as formatters. Starts over when the cache
 * is full.
 */
export function remember<T>(make: (text: string) => T, keptMax: number = KEPT_MAX): (text: string) => T {
  const kept = new Map<string, T>()
  return (text) => {
    const known = kept.get(text)
    if (known !== undefined) return known
    if (kept.size >= keptMax) kept.clear()
    const made = make(text)
    kept.set(text, made)
    return made
  }
}
