import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import type { Ajv2020 as Ajv, ValidateFunction } from 'ajv/dist/2020.js'
import ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

interface Content {
  readonly [contentType: string]: { schema: object }
}
interface OpenApi {
  paths: Record<string, Record<string, { responses: Record<string, { content?: Content }> }>>
  components: object
}
interface Pattern {
  service: ServiceKey
  matches: RegExp
  /** Number of literal segments; when two patterns match a path, the one with more literals wins. */
  fixed: number
  operations: OpenApi['paths'][string]
}

/**
 * Checks responses against the OpenAPI documents that the running services serve, and collects violations as
 * sentences.
 */
export interface AnswerCheck {
  /** `body` is text; null for a file or a stream. */
  check(answer: {
    method: string
    url: string
    status: number
    contentType: string | null
    body: string | null
  }): void
  /** Returns the violations since the last call. */
  takeViolations(): string[]
  readonly checked: number
}

/** Loads the documents of the services behind this edge. Rejects if one is unavailable. */
export async function loadAnswerCheck(edgeUrl: string): Promise<AnswerCheck> {
  const ajv: Ajv = new ajv2020.Ajv2020({ strict: false, allErrors: false })
  addFormats.default(ajv)
  const documents = await Promise.all(
    serviceKeys.map(async (service) => ({ service, document: await load(edgeUrl, service) })),
  )
  const patterns = documents.flatMap(({ service, document }) => {
    ajv.addSchema({ $id: `https://${service}/`, components: document.components })
    return Object.entries(document.paths).map(([path, operations]) => patternOf(service, path, operations))
  })
  const validators = new Map<object, ValidateFunction>()
  const validatorOf = (service: ServiceKey, schema: object) => {
    const known = validators.get(schema)
    if (known) return known
    const text = JSON.stringify(schema).replaceAll('"#/components/', `"https://${service}/#/components/`)
    const made = ajv.compile(JSON.parse(text))
    validators.set(schema, made)
    return made
  }

  const violations: string[] = []
  let checked = 0
  const findViolation: (answer: Parameters<AnswerCheck['check']>[0]) => string | null = ({
    method,
    url,
    status,
    contentType,
    body,
  }) => {
    const path = new URL(url, edgeUrl).pathname.replace(/(.)\/$/, '$1')
    const verb = method.toLowerCase()
    // Two services may share a path with different methods.
    const [found] = patterns
      .filter(({ matches, operations }) => matches.test(path) && operations[verb])
      .sort((a, b) => b.fixed - a.fixed)
    const operation = found?.operations[verb]
    if (!found || !operation) return status === 404 || status === 400 ? null : 'is not documented'
    const described = operation.responses[status] ?? (status >= 400 ? operation.responses.default : undefined)
    if (!described) return 'has no documented response'
    const type = contentType?.split(';')[0]?.trim() ?? null
    if (!described.content) return body ? 'has an undocumented body' : null
    const content = type === null ? undefined : described.content[type]
    if (!content) return `is ${type}, which is not documented`
    if (type !== 'application/json' || body === null) return null
    const validate = validatorOf(found.service, content.schema)
    if (validate(JSON.parse(body))) return null
    return `does not match its schema: ${ajv.errorsText(validate.errors)}: ${body.slice(0, 500)}`
  }
  return {
    check(answer) {
      checked++
      const violation = findViolation(answer)
      if (violation) violations.push(`${answer.method} ${answer.url} ${answer.status} ${violation}`)
    },
    takeViolations: () => violations.splice(0),
    get checked() {
      return checked
    },
  }
}

async function load(edgeUrl: string, service: ServiceKey): Promise<OpenApi> {
  const response = await fetch(`${edgeUrl}/api/${service}/openapi.json`)
  if (!response.ok) throw new Error(`${service} serves no OpenAPI document: ${response.status}`)
  return (await response.json()) as OpenApi
}

function patternOf(service: ServiceKey, path: string, operations: Pattern['operations']): Pattern {
  const segments = path.split('/')
  const source = segments
    .map((segment) => (segment.startsWith('{') ? '[^/]+' : segment.replace(/[.\\]/g, '\\$&')))
    .join('/')
  const fixed = segments.filter((segment) => !segment.startsWith('{')).length
  return { service, matches: new RegExp(`^${source}$`), fixed, operations }
}
