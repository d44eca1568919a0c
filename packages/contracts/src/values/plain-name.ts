import { line } from './text.ts'

/** Endings that make a link of anything before them, and are no word that follows an abbreviation. */
const GENERIC = new Set(
  (
    'com net org info biz name pro app dev xyz site online shop store top club live link click page web blog cloud tech space ' +
    'website icu vip win work today world life email news media zone agency events tickets ticket sale bid loan men date review ' +
    'fun art bot gift gifts help support edu gov mil int'
  ).split(' '),
)
/** Others that are much registered, and might be a word after an abbreviation: what stands before them decides, as for countries. */
const OTHERS = new Set(
  (
    'bet bond casino cash cfd chat cheap codes community company cool credit crypto dating deals digital discount email exchange expert ' +
    'express fan fans finance fit forum fyi game games gallery group guru health host hosting ink kim llc lol love ltd market markets mov ' +
    'money network ninja one ooo party photos pics plus poker porn press promo pub quest red report rest rich rocks sbs school services ' +
    'sexy social software solutions studio support surf systems team tips tools trade trading university ventures video wang webcam wiki ' +
    'wtf xxx yoga zip рф рус сайт онлайн москва укр бел қаз срб бг мкд ευ 中国 中國 香港 台湾 台灣 公司 网络 网址 商城 集团 我爱你 みんな コム 한국 닷컴 भारत ไทย'
  ).split(' '),
)
const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
const isCountry = (ending: string) => /^[a-z]{2}$/i.test(ending) && regions.of(ending.toUpperCase()) !== undefined
const isTopLevel = (ending: string) => isCountry(ending) || OTHERS.has(ending.toLowerCase()) || /^xn--[a-z\d-]+$/i.test(ending)

// The full stops that a resolver takes for one (UTS #46): mail programs do too.
const STOP = String.raw`[.\u2024\u3002\uff0e\uff61]`
const ADDRESS = /:\/\/|\bwww[.\u2024\u3002\uff0e\uff61]/iu
const LABEL = String.raw`[\p{L}\p{N}-]+`
/** Labels with full stops between them, and whether a path follows. */
const DOTTED = new RegExp(`${LABEL}(?:${STOP}${LABEL})+/?`, 'gu')
const STOPS = new RegExp(STOP, 'u')

/**
 * Whether a text has something that a mail program makes a link of: `https://…`, `www.…`, `evil.com`, `t.me/x`. `Dr.No`,
 * `St.John`, `20.30` and `R.E.M.` are none: what stands before most endings of a bare domain has three characters or more.
 */
export function hasLink(text: string): boolean {
  if (ADDRESS.test(text)) return true
  return [...text.matchAll(DOTTED)].some(([dotted]) => {
    const labels = dotted.replace('/', '').split(STOPS)
    const hasPath = dotted.endsWith('/')
    const isDomain = (ending: string, before: string) =>
      GENERIC.has(ending.toLowerCase()) ||
      (isTopLevel(ending) && (before.length >= 3 || hasPath)) ||
      (hasPath && /^[a-z]{2,}$/.test(ending) && before.length >= 3)
    return labels.some((label, index) => index > 0 && isDomain(label, labels[index - 1] ?? ''))
  })
}

/** What a person, an event or a place is called. It stands in mails to others, so that it must not be an address on the web. */
export const plainName = (max: number) => line(max).refine((text) => !hasLink(text), 'must not contain a web address')
