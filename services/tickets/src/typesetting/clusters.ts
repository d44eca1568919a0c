const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Returns the graphemes of a text (UAX #29), each with its index. */
export const graphemesOf = (text: string): { segment: string; index: number }[] =>
  [...graphemes.segment(text)].map(({ segment, index }) => ({ segment, index }))
