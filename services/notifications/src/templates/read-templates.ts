import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { NotificationType, TemplateName } from '@boxoffice/contracts'
import { replaceableMails } from '../mails/built-in.ts'
import { isTexted } from '../preferences/preference.ts'
import { SEGMENTS_MAX, segmentsOf } from '../texts/segments.ts'
import { longestValuesOf, textsKnown } from '../texts/text-values.ts'
import { type Compiled, compileMjml, compileText } from './compiled.ts'
import { unknownPlaceholders } from './known-placeholders.ts'
import {
  createOperatorTemplates,
  type OperatorTemplates,
  type PartName,
  type Parts,
  partNames,
  textOf,
} from './operator-templates.ts'
import { ofMails, type Placeholder } from './placeholders.ts'

const BYTES_MAX = 200_000
/** `doors-open.mjml`, `doors-open.pl.mjml` */
const FILE =
  /^(?<name>[^.]+)(?:\.(?<language>[a-z]{2,3}(?:-[a-z0-9]{2,8})*))?\.(?<part>mjml|txt|subject|sms)$/i

/**
 * Reads an operator's templates from a folder of files `<name>[.<language>].<mjml|txt|subject|sms>`. Rejects
 * with all faults, each with its file and line. Returns no templates if `folder` is null.
 */
export async function readTemplates(folder: string | null): Promise<OperatorTemplates> {
  if (folder === null) return createOperatorTemplates(new Map())
  const faults: string[] = []
  const found = new Map<string, Map<string, Partial<Record<PartName, Compiled>>>>()
  const files = (await readdir(folder))
    .filter((file) => !file.startsWith('.') && !file.endsWith('.md'))
    .sort()
  for (const file of files) {
    const { name = '', language = '', part } = FILE.exec(file)?.groups ?? {}
    if (!part || !TemplateName.safeParse(name).success) {
      faults.push(`${file}: is not a template: expected <name>[.<language>].<mjml|txt|subject|sms>`)
      continue
    }
    const read = await readPart(path.join(folder, file), name, part.toLowerCase() as PartName)
    if ('faults' in read) faults.push(...read.faults.map(({ line, what }) => `${file}:${line}: ${what}`))
    else {
      const languages = found.get(name) ?? new Map<string, Partial<Record<PartName, Compiled>>>()
      const key = language.toLowerCase()
      found.set(name, languages.set(key, { ...languages.get(key), [part.toLowerCase()]: read.compiled }))
    }
  }
  const templates = new Map<string, Map<string, Parts>>()
  // Report missing files only when those that exist are correct.
  if (faults.length === 0)
    for (const [name, languages] of found) {
      faults.push(...incompleteOf(name, languages))
      templates.set(name, languages)
    }
  if (faults.length > 0) throw new Error(`templates in ${folder} cannot be used:\n${faults.join('\n')}`)
  return createOperatorTemplates(templates)
}

async function readPart(file: string, name: string, part: PartName) {
  const { size } = await stat(file)
  if (size > BYTES_MAX) return { faults: [{ line: 1, what: `is larger than ${BYTES_MAX} bytes` }] }
  const source = await readFile(file, 'utf8')
  const read = await compilePart(part, source)
  if ('faults' in read) return read
  const faults = part === 'sms' ? faultsOfText(name, read.compiled) : faultsOfMail(name, read.compiled.inFile)
  return faults.length > 0 ? { faults } : read
}

const compilePart = (part: PartName, source: string) =>
  part === 'mjml'
    ? compileMjml(source)
    : part === 'txt'
      ? compileText(source)
      : compileText(source.trim(), part === 'sms' ? [] : ofMails)

/**
 * Checks a text message that replaces one of ours: it gets the same values, and must fit without the event's
 * name.
 */
function faultsOfText(name: string, sms: Compiled) {
  const { data: type } = NotificationType.safeParse(name)
  if (type === undefined) return []
  if (!isTexted(type)) return [{ line: 1, what: `${name} is not sent by SMS` }]
  const unknown = unknownPlaceholders(sms.inFile, [textsKnown.get(type) ?? {}])
  if (unknown.length > 0) return unknown
  const segments = Math.max(...longestValuesOf(type).map((values) => segmentsOf(textOf(sms, values))))
  const what = `takes ${segments} messages without the event's name: it may be ${SEGMENTS_MAX}`
  return segments > SEGMENTS_MAX ? [{ line: 1, what }] : []
}

function faultsOfMail(name: string, placeholders: readonly Placeholder[]) {
  const known = isOurs(name) ? replaceableMails[name] : undefined
  if (known) return unknownPlaceholders(placeholders, [known])
  if (!NotificationType.safeParse(name).success) return []
  const several = Object.keys(replaceableMails).filter((other) => other.startsWith(`${name}_`))
  const instead =
    several.length > 0 ? `it has several mails, ${several.join(', ')}` : 'it has no mail that can be replaced'
  return [{ line: 1, what: `${name} is not a valid template name: ${instead}` }]
}

const isOurs = (name: string) => Object.hasOwn(replaceableMails, name)

function incompleteOf(name: string, languages: ReadonlyMap<string, Parts>): string[] {
  const needed: readonly PartName[] = isOurs(name) ? ['mjml', 'txt'] : ['mjml', 'txt', 'subject']
  const faults = [...languages].flatMap(([language, parts]) => {
    const file = language === '' ? name : `${name}.${language}`
    const isMail = needed.some((part) => parts[part]) || parts.subject
    return isMail ? needed.filter((part) => !parts[part]).map((part) => `${file}.${part}: is missing`) : []
  })
  // Readers of other languages get the one without a language.
  const base = languages.get('')
  const unbased = partNames.filter(
    (part) => !base?.[part] && [...languages.values()].some((parts) => parts[part]),
  )
  return [
    ...faults,
    ...unbased.map(
      (part) => `${name}.${part}: is missing: the file without a language is the fallback for all others`,
    ),
  ]
}
