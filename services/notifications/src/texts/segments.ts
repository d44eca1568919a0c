// How networks count text messages: 3GPP TS 23.038 (alphabets), 23.040 (concatenated parts). Amazon SNS uses
// the same two alphabets: https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html. National shift
// tables are not used.

/** The default GSM alphabet, seven bits a character (23.038, 6.2.1). */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ' +
    '!"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
/** Its extension: an escape and a second character (6.2.1.1). */
const EXTENDED = new Set('\f^{}\\[~]|€')

/** Characters in a single message, and in each of several, whose header takes seven septets or six bytes. */
const GSM = { one: 160, each: 153 }
const UCS2 = { one: 70, each: 67 }

const septetsOf = (character: string) => (BASIC.has(character) ? 1 : EXTENDED.has(character) ? 2 : null)

/** The maximum number of messages for one text, ours or an operator's. */
export const SEGMENTS_MAX = 2

/**
 * Returns how many messages a text takes. A character is never split: one that does not fit starts the next
 * message.
 */
export function segmentsOf(text: string): number {
  const characters = [...text]
  const septets = characters.map(septetsOf)
  const isGsm = septets.every((count) => count !== null)
  const sizes = isGsm ? (septets as number[]) : characters.map((character) => character.length)
  const { one, each } = isGsm ? GSM : UCS2
  if (sizes.reduce((sum, size) => sum + size, 0) <= one) return 1
  let segments = 1
  let taken = 0
  for (const size of sizes) {
    if (taken + size > each) {
      segments++
      taken = 0
    }
    taken += size
  }
  return segments
}

/** Typographic signs with a plain equivalent in the GSM alphabet. */
const PLAIN: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u02bc': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u00ab': '"',
  '\u00bb': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2212': '-',
  '\u2026': '...',
  '\u00a0': ' ',
  '\u202f': ' ',
}

/**
 * Replaces typographic signs if that alone makes the text 7-bit, which fits twice as much; otherwise returns
 * it unchanged.
 */
export function withPlainSigns(text: string): string {
  const plain = [...text].map((character) => PLAIN[character] ?? character).join('')
  return [...plain].every((character) => septetsOf(character) !== null) ? plain : text
}
