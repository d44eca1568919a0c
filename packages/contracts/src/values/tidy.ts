// Normalizes text as people type, paste and autofill it: visible characters stay, invisible ones go. UAX #15
// (normalization, stream-safe text), UAX #9 (bidirectional text), UAX #31 (joiners), UAX #44 (properties).

const PLAIN = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/

/** Spaces of every width become one. */
const SPACES = /[\t\p{Zs}]+/gu

/**
 * Invisible and meaningless within a line: soft hyphens, byte order marks, word joiners, deprecated formats,
 * annotations.
 */
const UNSEEN = /[\u00ad\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]/g
/** Zero-width spaces separate words in scripts without spaces; elsewhere they come from web pages. */
const STRAY_ZERO_WIDTH_SPACE = /(?<![\p{scx=Khmr}\p{scx=Laoo}\p{scx=Mymr}\p{scx=Thai}])\u200b/gu

/** Tags, which matter only in flags of regions: anywhere else they hide content. */
const TAGS = /(\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f})|[\u{e0000}-\u{e007f}]/gu
/**
 * What NFC may change: all but the compatibility ideographs, variants with which some families write their
 * names.
 */
const COMPOSED = /[^\uf900-\ufaff\u{2f800}-\u{2fa1f}]+/gu

/** Trimmed at both ends: spaces, and everything invisible there. */
const AT_THE_ENDS = /[\s\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\uffa0]/
const JOINER = /[\u200c\u200d]/
/**
 * A joiner at the end of a word is written in Malayalam, Bengali and others, after the mark that it shapes.
 */
const ENDS_WITH_MARK = /\p{M}$/u

const OPENING: Readonly<Record<string, string>> = {
  '\u202a': '\u202c',
  '\u202b': '\u202c',
  '\u202d': '\u202c',
  '\u202e': '\u202c',
  '\u2066': '\u2069',
  '\u2067': '\u2069',
  '\u2068': '\u2069',
}
const CLOSING = /[\u202c\u2069]/
const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/
const OVERRIDE = /[\u202d\u202e]/

/**
 * Normalizes one line: NFC, single spaces, nothing invisible at its ends, none of the marks that phones add
 * when they autofill.
 */
export function tidyLine(text: string): string {
  if (PLAIN.test(text)) return text
  return trimUnseen(trimUnseen(withoutUnseen(text)).replace(SPACES, ' '))
}

/** Normalizes several lines the same way, but keeps spaces and breaks within them. */
export function tidyLines(text: string): string {
  return trimUnseen(withoutUnseen(text.replace(/[\u2028\u2029]/g, '\n')))
}

const withoutUnseen = (text: string): string =>
  withoutPairs(text)
    .replace(UNSEEN, '')
    .replace(TAGS, '$1')
    .replace(STRAY_ZERO_WIDTH_SPACE, '')
    .replace(COMPOSED, (part) => part.normalize('NFC'))

/** Trims invisible characters at both ends. Visits each character once, where a pattern would backtrack. */
export function trimUnseen(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isUnseenAt(text, start)) start++
  while (end > start && (AT_THE_ENDS.test(text[end - 1] as string) || isLooseJoiner(text, end))) end--
  return text.slice(start, end)
}

const isUnseenAt = (text: string, at: number) =>
  AT_THE_ENDS.test(text[at] as string) || JOINER.test(text[at] as string)
const isLooseJoiner = (text: string, end: number) =>
  JOINER.test(text[end - 1] as string) && !ENDS_WITH_MARK.test(text.slice(Math.max(0, end - 3), end - 1))

/**
 * Removes balanced embeddings and isolates: the letters determine the direction. Overrides and unbalanced
 * ones stay, to be refused: they reverse what follows.
 */
function withoutPairs(text: string): string {
  if (!DIRECTION.test(text)) return text
  const characters = text.split('')
  const open: { at: number; mark: string }[] = []
  for (const [at, mark] of characters.entries()) {
    if (OPENING[mark]) open.push({ at, mark })
    else if (CLOSING.test(mark)) {
      const last = open.at(-1)
      if (!last || OPENING[last.mark] !== mark) continue
      open.pop()
      if (OVERRIDE.test(last.mark)) continue
      characters[last.at] = ''
      characters[at] = ''
    }
  }
  return characters.join('')
}

// Controls, lone surrogates, noncharacters, and unbalanced directions.
const UNTYPED = String.raw`\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u202a-\u202e\u2066-\u2069`
const ONE_LINE = new RegExp(`^[^${UNTYPED}\\p{Zl}\\p{Zp}]*$`, 'u')
const SEVERAL_LINES = new RegExp(`^(?:[^${UNTYPED}]|[\\n\\r\\t])*$`, 'u')
/** Anything visible. Unicode counts the blank Braille pattern as a symbol. */
const SEEN = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Cs}\p{M}\u2800]/u
/** UAX #15: more marks than any language puts on a letter. */
const PILE = /\p{M}{31}/u

/** Returns what is wrong with a normalized line; null if nothing. */
export function objectionToLine(line: string): string | null {
  if (!ONE_LINE.test(line)) return 'must not contain control characters'
  if (!SEEN.test(line)) return 'must contain something that can be seen'
  return PILE.test(line) ? 'must not pile marks on a letter' : null
}

/** Returns the same for several lines, which may be empty. */
export function objectionToLines(lines: string): string | null {
  if (!SEVERAL_LINES.test(lines)) return 'must not contain control characters'
  return PILE.test(lines) ? 'must not pile marks on a letter' : null
}

/** Converts the digits of every script to ASCII: `٤٨` becomes 48. */
export const asciiDigits = (text: string): string =>
  text.replace(NOT_ASCII_DIGIT, (digit) => String(digitOf(digit)))
const NOT_ASCII_DIGIT = /(?![0-9])\p{Nd}/gu

/**
 * Returns the value of a decimal digit: those of a script are consecutive, starting at zero (UAX #44,
 * Numeric_Type).
 */
function digitOf(digit: string): number {
  let value = 0
  let before = (digit.codePointAt(0) ?? 0) - 1
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(before))) {
    value++
    before--
  }
  return value
}
