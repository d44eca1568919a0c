/** Discouraged words: patterns in code and prose for which there is a plainer word. */
export const WORDS: ReadonlyMap<string, RegExp> = new Map([
  ['of its schema', /\bof its schema\b/gi],
  ['nobody here takes', /\bnobody here takes\b/gi],
  ['told', /\b(?:was|were|is|are) told\b|\bnobody was told\b|\btold(?:By|Of)?\b/g],
  ['it comes again, it goes on', /\bit (?:comes again|goes on)\b/gi],
  ['cannot be had, is away, without it', /\bcannot be had\b|\b(?:is|are) away\b|\bwithout it\b/gi],
  ['wish', /(?<![A-Z])\bwish(?:es|ed)?(?![a-z])|(?<=\b|[a-z])Wish(?:es|ed)?(?![a-z])/g],
  ['picture', /\bpictures?\b|(?<=[a-z])Pictures?\b|\bpictures?(?=[A-Z])/g],
  ['believed', /\bbelieved(?:\b|(?=[A-Z]))/g],
  ['turn, turnstile', /\bturns?\b|\bturnstiles?\b|\bturn(?=[A-Z])/g],
  ['take in, news', /\btake(?:In|-in| in)\b|(?<=[a-z-])[nN]ews\b|\bnews\b/g],
  ['giving back, money back', /\bgiv(?:ing|es?)[- ]back\b|\bmoney back\b|\bgivingBack\b/gi],
  ['whoever, somebody, nobody', /\b(?:whoever|somebody|nobody|those who)\b/gi],
  ['at rest, at work', /\bat (?:rest|work)\b|\batRest\b/g],
  ['endings', /\bendings?\b/gi],
  ['imports itself', /\bimports itself\b/gi],
])

/** Counts the occurrences of each word in a text. */
export const countWords = (text: string): Map<string, number> =>
  new Map([...WORDS].map(([word, pattern]) => [word, text.match(pattern)?.length ?? 0]))
