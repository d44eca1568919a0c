import { line } from './text.ts'

/** Names of the domains that everybody may register in, and that mail programs make links of. Of countries: `isCountry`. */
const GENERIC = new Set(
  (
    'com net org info biz name pro app dev xyz site online shop store top club live link click page web blog cloud tech space ' +
    'website icu vip win work today world life email news media zone agency events tickets ticket sale bid loan men date review ' +
    'fun art bot gift gifts help support edu gov mil int'
  ).split(' '),
)
const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
const isCountry = (ending: string) => ending.length === 2 && regions.of(ending.toUpperCase()) !== undefined

// The full stops that a resolver takes for one (UTS #46): mail programs do too.
const STOP = String.raw`[.\u3002\uff0e\uff61]`
const ADDRESS = /:\/\/|\bwww[.\u3002\uff0e\uff61]/iu
const LABEL = String.raw`[\p{L}\p{N}-]+`
/** Labels with full stops between them, and whether a path follows. */
const DOTTED = new RegExp(`${LABEL}(?:${STOP}${LABEL})+/?`, 'gu')
const STOPS = new RegExp(STOP, 'u')

/**
 * Whether a text has something that a mail program makes a link of: `https://…`, `www.…`, `evil.com`, `t.me/x`. `Dr.No`,
 * `St.John` and `R.E.M.` are none: what stands before the country of a bare domain has three characters or more.
 */
export function hasLink(text: string): boolean {
  if (ADDRESS.test(text)) return true
  return [...text.matchAll(DOTTED)].some(([dotted]) => {
    const labels = dotted.replace('/', '').split(STOPS)
    const isDomain = (ending: string, before: string) =>
      GENERIC.has(ending.toLowerCase()) || (isCountry(ending) && (before.length >= 3 || dotted.endsWith('/')))
    return labels.some((label, index) => index > 0 && isDomain(label, labels[index - 1] ?? ''))
  })
}

/** What a person, an event or a place is called. It stands in mails to others, so that it must not be an address on the web. */
export const plainName = (max: number) => line(max).refine((text) => !hasLink(text), 'must not contain a web address')
