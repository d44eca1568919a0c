import Handlebars from 'handlebars'
import mjml2html from 'mjml'
import { objectionsToValues } from './payload-objections.ts'
import { type Fault, ofMails, type Placeholder, readPlaceholders } from './placeholders.ts'

/** A compiled file of a template. */
export interface Compiled {
  readonly placeholders: readonly Placeholder[]
  /** The same, with the lines of the file. */
  readonly inFile: readonly Placeholder[]
  /** Fills the template. `ours`: its values for `@` names. Throws if a value is missing. */
  fill(values: object, ours: { firstName: string; subject: string }): string
}
export type Read = { compiled: Compiled } | { faults: readonly Fault[] }

// A separate instance, which knows no helpers registered elsewhere.
const engine = Handlebars.create()
for (const name of ['with', 'log', 'lookup', 'helperMissing', 'blockHelperMissing'])
  engine.unregisterHelper(name)

/** Compiles plain text. Nothing is escaped, since it is not read as markup. */
export function compileText(source: string, ours: readonly string[] = ofMails): Read {
  const { placeholders, faults } = readPlaceholders(source, ours)
  return faults.length > 0
    ? { faults }
    : { compiled: { ...compiledOf(source, placeholders, { noEscape: true }), inFile: placeholders } }
}

/** Compiles a mail in MJML to HTML, once; every value is escaped. */
export async function compileMjml(source: string): Promise<Read> {
  const inMjml = readPlaceholders(source, ofMails)
  if (inMjml.faults.length > 0) return { faults: inMjml.faults }
  if (/<mj-include\b/.test(source))
    return {
      faults: [{ line: lineAt(source, source.indexOf('<mj-include')), what: 'mj-include is not supported' }],
    }
  const tags = tagsOf(source)
  const named = (text: string) => text.replaceAll(MARK, (_, index: string) => tags[Number(index)]?.tag ?? '')
  const made = await htmlOf(marked(source))
  if ('faults' in made) return { faults: made.faults.map(({ line, what }) => ({ line, what: named(what) })) }
  // Unindented, a long mail stays below the size at which mail programs cut.
  const shown = made.html.replace(/\n\s+/g, '\n')
  const faults = [...lostIn(tags, shown), ...inStyles(tags, shown)]
  if (faults.length > 0) return { faults }
  const html = named(shown)
  const inHtml = readPlaceholders(html, ofMails)
  if (inHtml.faults.length > 0)
    return { faults: [{ line: 1, what: `as HTML: ${inHtml.faults.map(({ what }) => what).join(', ')}` }] }
  return {
    compiled: { ...compiledOf(html, inHtml.placeholders, { noEscape: false }), inFile: inMjml.placeholders },
  }
}

function compiledOf(
  source: string,
  placeholders: readonly Placeholder[],
  { noEscape }: { noEscape: boolean },
) {
  const template = engine.compile(source, {
    // Not Handlebars' `strict`: it rejects `{{#if a.b}}` if there is no `a`, and reports one missing value at
    // a time. We check all values first.
    noEscape,
    knownHelpersOnly: true,
    knownHelpers: {
      with: false,
      log: false,
      lookup: false,
      helperMissing: false,
      blockHelperMissing: false,
    } as never,
  })
  const protoAccess = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false }
  const fill: Compiled['fill'] = (values, ours) => {
    const [objection] = objectionsToValues(placeholders, values)
    if (objection) throw new Error(`template: ${objection.path} ${objection.message}`)
    return template(values, { data: { ...ours }, ...protoAccess })
  }
  return { placeholders, fill }
}

async function htmlOf(source: string): Promise<{ html: string } | { faults: Fault[] }> {
  try {
    // No fonts: a mail fetches nothing.
    return await mjml2html(source, { validationLevel: 'strict', fonts: {}, ignoreIncludes: true })
  } catch (error) {
    const { message, errors } = error as Error & { errors?: { line?: number; message?: string }[] }
    const faults = (errors ?? []).map((one) => ({ line: one.line ?? 1, what: one.message ?? message }))
    return { faults: faults.length > 0 ? faults : [{ line: 1, what: message }] }
  }
}

const lineAt = (source: string, index: number) => source.slice(0, index).split('\n').length
interface Tag {
  readonly tag: string
  readonly line: number
}
const TAG = /\{\{(?!!)[^}]*\}\}/g
const tagsOf = (source: string): Tag[] =>
  [...source.matchAll(TAG)].map((match) => ({ tag: match[0], line: lineAt(source, match.index) }))

/** Numbers each tag, so that equal tags at two places are distinct. */
function marked(source: string): string {
  let index = 0
  return source.replaceAll(TAG, () => `{{tag:${index++}}}`)
}
const MARK = /\{\{tag:(\d+)\}\}/g
const marksIn = (html: string) => new Set([...html.matchAll(MARK)].map((match) => Number(match[1])))

/** Finds placeholders that MJML dropped because they are between its elements. */
function lostIn(tags: readonly Tag[], html: string): Fault[] {
  const kept = marksIn(html)
  return tags
    .filter((_, index) => !kept.has(index))
    .map(({ tag, line }) => ({
      line,
      what: `${tag} is where MJML allows no text: around whole parts write <mj-raw>${tag}</mj-raw>`,
    }))
}

/** Styles and scripts, as elements or attributes. MJML turns some of its attributes into styles. */
const STYLES =
  /<(style|script)\b[\s\S]*?<\/\1>|[\s/"'](?:style|on[a-z]+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+)/gi

/** Finds placeholders in styles, for which HTML escaping is not safe. */
function inStyles(tags: readonly Tag[], html: string): Fault[] {
  const found = marksIn([...html.matchAll(STYLES)].map((match) => match[0]).join('\n'))
  return tags
    .filter((_, index) => found.has(index))
    .map(({ tag, line }) => ({ line, what: `${tag} is in a style: only text can be filled in` }))
}
