import { Locale } from '@boxoffice/contracts'

const DEFAULT_LOCALE = 'en'
const HEADER_MAX = 500

/** Returns the preferred language of an `Accept-Language` header as a contract tag; `en` if it names none. */
export function localeOf(header: string | undefined): string {
  const choices = (header ?? '').slice(0, HEADER_MAX).split(',').map(readChoice)
  // The first of equal weights wins: sorting is stable.
  const [best] = choices
    .filter(({ tag, weight }) => tag !== null && weight > 0)
    .sort((a, b) => b.weight - a.weight)
  return best?.tag ?? DEFAULT_LOCALE
}

function readChoice(choice: string): { tag: string | null; weight: number } {
  const [tag = '', ...parameters] = choice.split(';').map((part) => part.trim())
  const q = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
  return { tag: canonicalTag(tag), weight: q === undefined ? 1 : Number(q) || 0 }
}

function canonicalTag(tag: string): string | null {
  try {
    const [canonical] = Intl.getCanonicalLocales(tag)
    return Locale.safeParse(canonical).data ?? null
  } catch {
    return null
  }
}
