const KEPT_MAX = 1_000

/**
 * What `make` gives of a text, made once: for what is dear to make, such as formats. When there are too many
 * it begins anew.
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
