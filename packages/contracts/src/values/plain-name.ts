import { line } from './text.ts'
import { topLevelDomains } from './top-level-domains.ts'

/** Top-level domains that never follow an abbreviation in a name: any word before them makes a link. */
const GENERIC = new Set(
  (
    'com net org info biz name pro app dev xyz site online shop store top club live link click page web ' +
    'blog cloud tech space website icu vip win work today world life email news media zone agency ' +
    'events tickets ticket sale bid loan men date review fun art bot gift gifts help support edu gov mil int'
  ).split(' '),
)
const ROOT_ZONE = new Set(topLevelDomains.trim().split(/\s+/))
const isTopLevel = (ending: string) => ROOT_ZONE.has(ending.toLowerCase()) || /^xn--[a-z\d-]+$/i.test(ending)
/** Whether an ending cannot be a surname: `go.zuerich`, `a.berlin`. Country codes can: `A.de Vries`. */
const isNoSurname = (ending: string) => /^[a-z]{3,}$/.test(ending)
/** Whether it is a title and a surname, such as `Prof.Schmidt`: many top-level domains are surnames. */
const isTitled = (ending: string, before: string) => TITLE.test(before) && /^\p{Lu}\p{Ll}{3,}$/u.test(ending)
const TITLE = /^(?:Prof|Mag|Ing|Dipl|Rev|Hon|Gen|Col|Capt|Mrs|Herr|Frau|Mgr|Inż|Abp|-Ing|Dipl-Ing)$/

// Full stops that resolvers (UTS #46) and mail programs accept.
const STOP = String.raw`[.\u2024\u3002\uff0e\uff61]`
const ADDRESS = /:\/\/|\bwww[.\u2024\u3002\uff0e\uff61]/iu
const LABEL = String.raw`[\p{L}\p{M}\p{N}-]+`
/** Labels joined by full stops, with an optional slash after them. */
const DOTTED = new RegExp(`${LABEL}(?:${STOP}${LABEL})+/?`, 'gu')
const STOPS = new RegExp(STOP, 'u')

/**
 * Returns whether a mail program would turn a part of the text into a link: `https://…`, `www.…`, `evil.com`,
 * `t.me/x`. `Dr.No`, `St.John`, `20.30` and `R.E.M.` are no links: before a top-level domain that may be a
 * surname, a link needs at least three characters that are not a title.
 */
export function hasLink(text: string): boolean {
  if (ADDRESS.test(text)) return true
  return [...text.matchAll(DOTTED)].some(([dotted]) => {
    const labels = dotted.replace('/', '').split(STOPS)
    const hasPath = dotted.endsWith('/')
    return labels.some(
      (label, index) => index > 0 && isDomain(label, { before: labels[index - 1] ?? '', hasPath }),
    )
  })
}

function isDomain(ending: string, { before, hasPath }: { before: string; hasPath: boolean }): boolean {
  if (GENERIC.has(ending.toLowerCase())) return true
  const isLong = before.length >= 3
  if (isTopLevel(ending) && !isTitled(ending, before)) return isLong || hasPath || isNoSurname(ending)
  return hasPath && isLong && /^[a-z]{2,}$/.test(ending)
}

/**
 * The name of a person, an event or a place. It appears in mails to other users, so it must not contain a web
 * address.
 */
export const plainName = (max: number) =>
  line(max).refine((text) => !hasLink(text), 'must not contain a web address')
