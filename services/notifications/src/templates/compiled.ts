import Handlebars from 'handlebars'
import mjml2html from 'mjml'
import { objectionsToValues } from './payload-objections.ts'
import { type Fault, ofMails, type Placeholder, readPlaceholders } from './placeholders.ts'

/** One file, ready to be filled. */
export interface Compiled {
  readonly placeholders: readonly Placeholder[]
  /** The same with the lines of the file. */
  readonly inFile: readonly Placeholder[]
  /** `ours`: what the template may have with `@`. Throws where a value is missing that it asks for. */
  fill(values: object, ours: { firstName: string; subject: string }): string
}
export type Read = { compiled: Compiled } | { faults: readonly Fault[] }

// Of its own: nothing that is registered elsewhere is known here.
const engine = Handlebars.create()
for (const name of ['with', 'log', 'lookup', 'helperMissing', 'blockHelperMissing'])
  engine.unregisterHelper(name)

/** Lines of text. Nothing is escaped in it, since nothing reads it as markup. */
export function compileText(source: string, ours: readonly string[] = ofMails): Read {
  const { placeholders, faults } = readPlaceholders(source, ours)
  return faults.length > 0
    ? { faults }
    : { compiled: { ...compiledOf(source, placeholders, { noEscape: true }), inFile: placeholders } }
}

/** A mail in MJML, which becomes HTML once, here; every value is escaped. */
export async function compileMjml(source: string): Promise<Read> {
  const inMjml = readPlaceholders(source, ofMails)
  if (inMjml.faults.length > 0) return { faults: inMjml.faults }
  if (/<mj-include\b/.test(source))
    return {
      faults: [{ line: lineAt(source, source.indexOf('<mj-include')), what: 'mj-include is not read' }],
    }
  const tags = tagsOf(source)
  const named = (text: string) => text.replaceAll(MARK, (_, index: string) => tags[Number(index)]?.tag ?? '')
  const made = await htmlOf(marked(source))
  if ('faults' in made) return { faults: made.faults.map(({ line, what }) => ({ line, what: named(what) })) }
  // Without its indentation a long mail stays below the size at which mail programs cut.
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
    // Not its own `strict`: that rejects `{{#if a.b}}` where there is no `a`, and names one missing value at
    // a time. We look at all first.
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
    // No fonts: nothing is fetched by a mail.
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

/** The source with a number in each tag, so that the same tag at two places is two. */
function marked(source: string): string {
  let index = 0
  return source.replaceAll(TAG, () => `{{tag:${index++}}}`)
}
const MARK = /\{\{tag:(\d+)\}\}/g
const marksIn = (html: string) => new Set([...html.matchAll(MARK)].map((match) => Number(match[1])))

/** Placeholders that MJML left out, because they stand between its elements. */
function lostIn(tags: readonly Tag[], html: string): Fault[] {
  const kept = marksIn(html)
  return tags
    .filter((_, index) => !kept.has(index))
    .map(({ tag, line }) => ({
      line,
      what: `${tag} stands where MJML takes no text: around whole parts write <mj-raw>${tag}</mj-raw>`,
    }))
}

/** Styles and scripts, whole or of an element. MJML makes styles of some of its attributes. */
const STYLES =
  /<(style|script)\b[\s\S]*?<\/\1>|[\s/"'](?:style|on[a-z]+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+)/gi

/** Placeholders within styles: what is escaped for HTML is not for those. */
function inStyles(tags: readonly Tag[], html: string): Fault[] {
  const found = marksIn([...html.matchAll(STYLES)].map((match) => match[0]).join('\n'))
  return tags
    .filter((_, index) => found.has(index))
    .map(({ tag, line }) => ({ line, what: `${tag} stands in a style: only text is filled in` }))
}
