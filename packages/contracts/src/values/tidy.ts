// Text as people type, paste and autofill it, brought to one spelling: what can be seen stays, what cannot
// goes. UAX #15 (normalization, stream-safe text), UAX #9 (bidirectional text), UAX #31 (joiners), UAX #44
// (properties).

const PLAIN = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/

/** Spaces of every width: typewriters have one. */
const SPACES = /[\t\p{Zs}]+/gu

/**
 * Of no width and no meaning within a line: soft hyphens, byte order marks, word joiners, deprecated formats,
 * annotations.
 */
const UNSEEN = /[\u00ad\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]/g
/**
 * A space of no width parts words in scripts that write none; elsewhere it came with a copy from a web page.
 */
const STRAY_ZERO_WIDTH_SPACE = /(?<![\p{scx=Khmr}\p{scx=Laoo}\p{scx=Mymr}\p{scx=Thai}])\u200b/gu

/** Tags, which say something in the flags of regions alone: anywhere else they carry what nobody sees. */
const TAGS = /(\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f})|[\u{e0000}-\u{e007f}]/gu
/**
 * What NFC may change: all but the compatibility ideographs, other shapes of a character with which some
 * families write their name.
 */
const COMPOSED = /[^\uf900-\ufaff\u{2f800}-\u{2fa1f}]+/gu

/** What is taken off both ends: spaces, and all that is not seen there. */
const AT_THE_ENDS = /[\s\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\uffa0]/
const JOINER = /[\u200c\u200d]/
/**
 * A joiner at the end of a word is written in Malayalam, Bengali and others, behind the mark that it shapes.
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
 * One line: NFC, single spaces, nothing unseen at its ends, none of the marks that telephones put around what
 * they fill in.
 */
export function tidyLine(text: string): string {
  if (PLAIN.test(text)) return text
  return trimUnseen(trimUnseen(withoutUnseen(text)).replace(SPACES, ' '))
}

/** Several lines: the same, but that spaces and breaks within them stay. */
export function tidyLines(text: string): string {
  return trimUnseen(withoutUnseen(text.replace(/[\u2028\u2029]/g, '\n')))
}

const withoutUnseen = (text: string): string =>
  withoutPairs(text)
    .replace(UNSEEN, '')
    .replace(TAGS, '$1')
    .replace(STRAY_ZERO_WIDTH_SPACE, '')
    .replace(COMPOSED, (part) => part.normalize('NFC'))

/**
 * Text without what cannot be seen at its ends. Looks at each character once: a pattern would look at those
 * within again and again.
 */
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
 * Text without embeddings and isolates that are closed again: whoever shows it finds its direction by its
 * letters. Overrides stay, and so do those that are left open, for whoever refuses them: they turn around
 * what stands behind.
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

// Controls, halves of characters, what Unicode will never assign, and directions that were not closed.
const UNTYPED = String.raw`\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u202a-\u202e\u2066-\u2069`
const ONE_LINE = new RegExp(`^[^${UNTYPED}\\p{Zl}\\p{Zp}]*$`, 'u')
const SEVERAL_LINES = new RegExp(`^(?:[^${UNTYPED}]|[\\n\\r\\t])*$`, 'u')
/** Something that ink is needed for. The pattern of Braille without dots is a symbol to Unicode. */
const SEEN = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Cs}\p{M}\u2800]/u
/** UAX #15: more marks than any language puts on a letter. */
const PILE = /\p{M}{31}/u

/** What is wrong with a line that was made tidy; null where nothing is. */
export function objectionToLine(line: string): string | null {
  if (!ONE_LINE.test(line)) return 'must not contain control characters'
  if (!SEEN.test(line)) return 'must contain something that can be seen'
  return PILE.test(line) ? 'must not pile marks on a letter' : null
}

/** The same of several lines, which may be none. */
export function objectionToLines(lines: string): string | null {
  if (!SEVERAL_LINES.test(lines)) return 'must not contain control characters'
  return PILE.test(lines) ? 'must not pile marks on a letter' : null
}

/** A text with the digits of every script as ASCII has them: `٤٨` is 48. */
export const asciiDigits = (text: string): string =>
  text.replace(NOT_ASCII_DIGIT, (digit) => String(digitOf(digit)))
const NOT_ASCII_DIGIT = /(?![0-9])\p{Nd}/gu

/**
 * The value of a decimal digit: those of a script stand in a row, from its zero on (UAX #44, Numeric_Type).
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
