/**
 * Returns the code of every fence of this language below a heading, up to the next heading of the same or a
 * higher level.
 */
export function fencesUnder(markdown: string, heading: string, language: string): string[] {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  if (start === -1) throw new Error(`no heading “${heading}”`)
  const level = lines[start]?.indexOf(' ') ?? 0
  const end = lines.findIndex(
    (line, index) => index > start && /^#+ /.test(line) && line.indexOf(' ') <= level,
  )
  const section = lines.slice(start + 1, end === -1 ? undefined : end).join('\n')
  return [...section.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, given]) => given === language)
    .map(([, , code]) => code ?? '')
}

const withoutCode = (markdown: string) => markdown.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '')

/**
 * Returns the targets of a page's links and images inside the repository: a path (empty for the page itself)
 * and a heading's anchor.
 */
export function linksOf(markdown: string): { path: string; anchor: string | null }[] {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = null] = target.split('#')
      return { path, anchor }
    })
}

/** Returns the anchors that a git host generates for a page's headings. */
export const anchorsOf = (markdown: string): string[] =>
  [...markdown.replace(/^```.*?^```$/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

/** Returns the cells of the first table below a level-2 heading, without the header row. */
export function tableUnder(markdown: string, heading: string): string[][] {
  const rows = sectionUnder(markdown, heading).match(/(?:^\|.*\n)+/m)?.[0] ?? ''
  return rows
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/**
 * Returns the environment variables named in the section below a level-2 heading, each with the service it
 * is attributed to: `null` for the section's own, `payment` for “the payment service's `NAME`”.
 */
export function variablesUnder(markdown: string, heading: string): { name: string; of: string | null }[] {
  const named = sectionUnder(markdown, heading).matchAll(
    /(?:(\w+) service's\s+)?`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)`/g,
  )
  return [...named].map(([, of = null, name = '']) => ({ name, of }))
}

function sectionUnder(markdown: string, heading: string): string {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`no section “${heading}”`)
  return section
}

/**
 * Returns the examples of a page in order: each `sh` fence, with the expected JSON output if a `json` fence
 * follows directly.
 */
export function examplesOf(markdown: string): { code: string; answer: unknown }[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```\n(?:\n```json\n(.*?)^```$)?/gms)].map(
    ([, code = '', json]) => ({
      code,
      answer: json === undefined ? undefined : JSON.parse(json),
    }),
  )
}

/** Returns where `actual` differs from the shape of `example`: missing fields, or fields of another type. */
export function differencesOf(example: unknown, actual: unknown, path = ''): string[] {
  if (Array.isArray(example)) {
    if (!Array.isArray(actual)) return [`${path}: not a list`]
    return example.length > 0 && actual.length === 0
      ? [`${path}: empty`]
      : differencesOf(example[0], actual[0], `${path}.0`)
  }
  if (typeof example === 'object' && example !== null) {
    if (typeof actual !== 'object' || actual === null) return [`${path}: not an object`]
    return Object.entries(example).flatMap(([key, value]) =>
      key in actual
        ? differencesOf(value, (actual as Record<string, unknown>)[key], `${path}.${key}`)
        : [`${path}.${key}: missing`],
    )
  }
  return typeof example === typeof actual ? [] : [`${path}: ${typeof actual} instead of ${typeof example}`]
}
