import { closestMatch } from 'leven'

/** Returns a sentence that names the value closest to a mistyped one; empty if none is close. */
export function suggestionFor(text: string, values: readonly string[]): string {
  const closest = closestMatch(
    text.toUpperCase(),
    values.map((value) => value.toUpperCase()),
    {
      maxDistance: Math.max(2, Math.floor(text.length / 3)),
    },
  )
  const value = values.find((each) => each.toUpperCase() === closest)
  return value === undefined ? '' : `\n(Did you mean ${value}?)`
}
