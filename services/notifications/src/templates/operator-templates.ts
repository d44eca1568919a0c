import { inOneLine, type Mail, oneLine } from '../mails/mail.ts'
import type { Values } from '../mails/template.ts'
import { SEGMENTS_MAX, segmentsOf, withPlainSigns } from '../texts/segments.ts'
import type { Compiled } from './compiled.ts'
import { type Objection, objectionsToValues } from './payload-objections.ts'
import { isOfPrototypes } from './placeholders.ts'

export const partNames = ['mjml', 'txt', 'subject', 'sms'] as const
export type PartName = (typeof partNames)[number]
/** A template in one language. */
export type Parts = Readonly<Partial<Record<PartName, Compiled>>>

interface Addressed {
  readonly firstName: string
  readonly locale: string
}

/**
 * The templates of an operator. Each method returns null if there is no template of this name for this
 * channel.
 */
export interface OperatorTemplates {
  /** Returns a mail from a JSON record; `subject`: the request's own, if given. */
  mail(name: string, payload: object, reader: Addressed, subject: string | null): Mail | null
  /** Returns a mail that replaces one of ours, from its values. */
  mailInstead(name: string, mail: Mail, reader: Addressed): Mail | null
  /** Returns a text message. */
  text(name: string, payload: object, locale: string): string | null
  /** Returns what a payload lacks, in any of the languages; null if there is no such template. */
  objectionsTo(name: string, channel: 'EMAIL' | 'SMS', payload: object): readonly Objection[] | null
}

export function createOperatorTemplates(
  templates: ReadonlyMap<string, ReadonlyMap<string, Parts>>,
): OperatorTemplates {
  /** Returns the parts in the closest language to the reader's. */
  function partsOf(name: string, locale: string, part: PartName): Parts | null {
    const languages = templates.get(name)
    const tags = locale.toLowerCase().split('-')
    const candidates = tags.map((_, index) => tags.slice(0, tags.length - index).join('-'))
    return (
      [...candidates, ''].map((language) => languages?.get(language)).find((parts) => parts?.[part]) ?? null
    )
  }

  function fillMail(
    { mjml, txt, subject: named }: Parts,
    values: object,
    firstName: string,
    given: string | null,
  ): Mail {
    const ours = { firstName: oneLine(firstName), subject: given ?? '' }
    const subject = oneLine(given ?? named?.fill(mapTexts(values, oneLine), ours) ?? '')
    const of = (part: Compiled | undefined) => part?.fill(values, { ...ours, subject }) ?? ''
    return { subject, html: of(mjml), text: of(txt) }
  }

  return {
    mail(name, payload, { firstName, locale }, subject) {
      const parts = partsOf(name, locale, 'mjml')
      return parts && fillMail(parts, mapTexts(payload, clean), firstName, subject)
    },
    mailInstead(name, { values, subject }, { firstName, locale }) {
      const parts = values ? partsOf(name, locale, 'mjml') : null
      return parts && fillMail(parts, values as Values, firstName, parts.subject ? null : subject)
    },
    text(name, payload, locale) {
      const sms = partsOf(name, locale, 'sms')?.sms
      return sms ? textOf(sms, payload) : null
    },
    objectionsTo(name, channel, payload) {
      const all = [...(templates.get(name)?.values() ?? [])]
      const parts = channel === 'SMS' ? (['sms'] as const) : (['mjml', 'txt', 'subject'] as const)
      if (!all.some((one) => one[parts[0]])) return null
      const compiled = all.flatMap((one) => parts.flatMap((part) => one[part] ?? []))
      const objections = objectionsToValues(
        compiled.flatMap(({ placeholders }) => placeholders),
        payload,
      )
      if (objections.length > 0 || channel === 'EMAIL') return objections
      const segments = Math.max(...compiled.map((sms) => segmentsOf(textOf(sms, payload))))
      const message = `makes a text of ${segments} messages: it may be ${SEGMENTS_MAX}`
      return segments > SEGMENTS_MAX ? [{ path: '', message }] : []
    },
  }
}

/** Returns a text message as it is sent. */
export const textOf = (sms: Compiled, values: object): string =>
  withPlainSigns(inOneLine(sms.fill(mapTexts(values, inOneLine), { firstName: '', subject: '' })))

/** Removes control characters from the lines of a text; isolates the direction of a single line. */
function clean(text: string): string {
  const lines = text.split(/\r\n|[\r\n]/)
  return lines.length === 1 && text.length <= LINE_MAX ? oneLine(text) : lines.map(inOneLine).join('\n')
}
const LINE_MAX = 250

/** Copies a value with every text in it mapped, without names of prototypes. */
function mapTexts(value: object, map: (text: string) => string): object {
  const mapped = (inner: unknown): unknown => {
    if (typeof inner === 'string') return map(inner)
    if (Array.isArray(inner)) return inner.map(mapped)
    if (typeof inner !== 'object' || inner === null) return inner
    const named = Object.entries(inner).filter(([key]) => !isOfPrototypes(key))
    return Object.fromEntries(named.map(([key, one]) => [key, mapped(one)]))
  }
  return mapped(value) as object
}
