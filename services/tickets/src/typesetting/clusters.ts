const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** What a reader takes for one character, with where it begins (UAX #29). */
export const graphemesOf = (text: string): { segment: string; index: number }[] =>
  [...graphemes.segment(text)].map(({ segment, index }) => ({ segment, index }))
