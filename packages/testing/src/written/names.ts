// Names that people have. From UAX #9 (direction), #15 (normalization), #29 (grapheme clusters), #31
// (joiners), and the public lists "Falsehoods Programmers Believe About Names" (McKenzie, 2010) and
// "Personal names around the world" (W3C Internationalization).

/** A name as entered and as stored; equal if `kept` is absent. */
export interface Written {
  readonly typed: string
  readonly kept?: string
  readonly why: string
}

export const writtenNames: readonly Written[] = [
  { typed: 'Sukarno', why: 'one name' },
  { typed: 'O', why: 'one letter' },
  { typed: '义', why: 'one character of three bytes' },
  { typed: 'Ng', why: 'no vowel' },
  { typed: 'null', why: 'a keyword of programming languages' },
  { typed: 'NaN', why: 'another' },
  { typed: 'undefined', why: 'another' },
  { typed: "O'Neill", why: 'a typewriter apostrophe' },
  { typed: 'O’Neill', why: 'a typographic apostrophe, as phones type it' },
  { typed: 'Oʻahu', why: 'a letter that looks like an apostrophe' },
  { typed: 'Smith-Jones', why: 'a hyphen' },
  { typed: 'García‐Márquez', why: 'a typographic hyphen' },
  { typed: 'McDonald', why: 'a capital inside' },
  { typed: 'van der Berg', why: 'a lowercase prefix' },
  { typed: 'd’Artagnan', why: 'another lowercase prefix' },
  { typed: 'ALI', why: 'capitals only' },
  { typed: 'Martin Luther King, Jr.', why: 'a comma, a dot, a suffix' },
  { typed: 'Dr. Ewa Nowak, MD (she/her)', why: 'titles, brackets, a slash' },
  { typed: 'Elizabeth II', why: 'Roman numerals' },
  { typed: 'Jennifer 8. Lee', why: 'a number in digits' },
  { typed: 'X Æ A-12', why: 'letters, ligatures and digits' },
  { typed: 'Kimberly 🎻', why: 'an emoji' },
  { typed: '👩‍👩‍👧‍👦', why: 'a family: seven code points, one character' },
  { typed: '🏴󠁧󠁢󠁷󠁬󠁳󠁿 Rhys', why: 'a flag spelt with tags' },
  { typed: 'Łukasz Żółć', why: 'Polish' },
  { typed: 'Zoe\u0308', kept: 'Zoë', why: 'a letter and a combining mark, as some keyboards type it (NFD)' },
  { typed: 'Nguye\u0302\u0303n', kept: 'Nguyễn', why: 'two marks on a letter' },
  { typed: 'Straße', why: 'a letter without a capital' },
  { typed: 'İpek Işık', why: 'Turkish i with and without a dot' },
  { typed: 'Ελένη Παπαδοπούλου', why: 'Greek' },
  { typed: 'Фёдор Достоевский', why: 'Cyrillic' },
  { typed: 'Խաչատրյան', why: 'Armenian' },
  { typed: 'შოთა', why: 'Georgian' },
  { typed: 'דוד כהן', why: 'Hebrew, from right to left' },
  { typed: 'שָׁלוֹם', why: 'Hebrew with its vowels' },
  { typed: 'محمد عبد الله', why: 'Arabic' },
  { typed: 'مُحَمَّد', why: 'Arabic with its vowels' },
  { typed: 'علی‌رضا', why: 'Persian with a zero-width non-joiner' },
  { typed: 'प्रिया शर्मा', why: 'Devanagari' },
  { typed: 'ක්‍රිෂ්', why: 'Sinhala with a joiner' },
  { typed: 'അവന്‍', why: 'Malayalam with a final joiner' },
  { typed: 'தமிழ்ச்செல்வன்', why: 'Tamil' },
  { typed: 'สมชาย ใจดี', why: 'Thai' },
  { typed: 'សុខ\u200bសាន្ត', why: 'Khmer, with words separated by zero-width spaces' },
  { typed: 'မောင်', why: 'Burmese' },
  { typed: 'བསྟན་འཛིན', why: 'Tibetan' },
  { typed: '山田　太郎', kept: '山田 太郎', why: 'a full-width space' },
  { typed: '葛\u{e0100}城', why: 'a character variant chosen by the family' },
  { typed: '\ufa19田', why: 'a compatibility character that NFC would change' },
  { typed: '𠮷野家', why: 'a character beyond the first 65,536' },
  { typed: '김철수', why: 'Korean' },
  { typed: '\u1100\u1175\u11b7', kept: '김', why: 'Korean in letters (NFD)' },
  { typed: 'አበበ ቢቂላ', why: 'Amharic' },
  { typed: 'ᏣᎳᎩ', why: 'Cherokee' },
  { typed: 'ꦗꦮ', why: 'Javanese' },
  { typed: '  Ada ', kept: 'Ada', why: 'spaces around' },
  { typed: '\u00a0Ada\u00a0', kept: 'Ada', why: 'non-breaking spaces' },
  { typed: 'Ada  \t Lovelace', kept: 'Ada Lovelace', why: 'spaces and a tab, as from a spreadsheet' },
  { typed: '\ufeffAda', kept: 'Ada', why: 'a byte order mark' },
  { typed: 'Ada\u200b\u200e', kept: 'Ada', why: 'invisible characters copied from a web page' },
  { typed: 'A\u00adda\u2060', kept: 'Ada', why: 'a soft hyphen' },
  { typed: 'Ad\u200ba', kept: 'Ada', why: 'a zero-width space' },
  { typed: '\u202aAda\u202c', kept: 'Ada', why: 'direction marks from an address book' },
  {
    typed: '\u2068Ada\u2069 \u2068Lovelace\u2069',
    kept: 'Ada Lovelace',
    why: 'isolates that a program adds around each name',
  },
  { typed: '\u202eadA', kept: 'adA', why: 'a leading direction mark without effect' },
  { typed: 'Ada\u{e0041}\u{e0042}', kept: 'Ada', why: 'invisible tags' },
]

/** Texts that are not names, and the error message of each. */
export const refusedNames: readonly { readonly typed: string; readonly error: RegExp }[] = [
  { typed: '', error: /character|small|expected/i },
  { typed: ' \u00a0\u3000', error: /character|small|expected/i },
  { typed: '\u200b\u200d\u2060', error: /character|small|expected/i },
  { typed: '\u3164', error: /character|small|expected/i },
  { typed: '\u2800\u2800', error: /character|small|expected/i },
  { typed: 'A\ufe0f'.slice(1), error: /can be seen/ },
  { typed: '\u0301', error: /can be seen/ },
  { typed: 'Ada\u0000', error: /control characters/ },
  { typed: 'Ada\nLovelace', error: /control characters/ },
  { typed: 'Ada\u2028Lovelace', error: /control characters/ },
  { typed: 'Ada\u001b[2J', error: /control characters/ },
  { typed: 'Ada\ud800', error: /control characters/ },
  { typed: 'Ada\uffff', error: /control characters/ },
  { typed: 'Ada \u202egnp.exe', error: /control characters/ },
  { typed: 'Ada \u2067abc', error: /control characters/ },
  { typed: `Z${'\u0334'.repeat(31)}algo`, error: /pile marks/ },
  { typed: 'x'.repeat(101), error: /at most 100 characters/ },
  { typed: '👩‍👩‍👧‍👦'.repeat(40), error: /at most 100 characters/ },
]

/** Names of the maximum length: in letters, in letters with marks, and in multi-codepoint characters. */
export const longNames: readonly string[] = [
  'x'.repeat(100),
  'é'.repeat(100),
  'நி'.repeat(100),
  '席'.repeat(100),
  '🎻'.repeat(100),
]
