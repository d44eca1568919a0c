import { type Access, formOf, idempotencyOf, Refusal, type Route, type Routes } from '@boxoffice/contracts'
import { z } from 'zod'

const phrases: Record<number, string> = {
  200: 'done',
  201: 'made',
  202: 'accepted',
  204: 'done, nothing to say',
  400: 'the request does not match its schema',
  401: 'not signed in, or wrongly',
  402: 'the payment was declined',
  403: 'not allowed',
  404: 'not found',
  409: 'in conflict with the state of things',
  422: 'the Idempotency-Key was used for another request',
  429: 'too many requests: see Retry-After',
  503: 'not right now: see Retry-After',
}

/**
 * Returns the contract as OpenAPI 3.1. Always the `input` side of a schema, which is the wire format, also
 * for answers. (Generators that use `output` for answers would document money in cents.) Refusals that every
 * route may give are its `default` answer.
 */
export function openApiOf(options: { title: string; description: string; server: string }, routes: Routes) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [operationId, route] of Object.entries(routes)) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operationOf(operationId, route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: options.title,
      description: options.description,
      version: '1.0.0',
    },
    servers: [{ url: options.server }],
    tags: [{ name: options.title, description: options.description }],
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, operations]) => [path, tagged(operations, options.title)]),
    ),
    components: {
      schemas: { Refusal: wire(Refusal) },
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

const tagged = (operations: Record<string, unknown>, tag: string) =>
  Object.fromEntries(
    Object.entries(operations).map(([method, operation]) => [
      method,
      { ...(operation as object), tags: [tag] },
    ]),
  )

function operationOf(operationId: string, route: Route) {
  return {
    operationId,
    summary: route.summary,
    description: whoMayCall(route.access),
    security: securityOf(route.access),
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...idempotencyHeader(route),
      ...preferHeader(route),
    ],
    ...(route.body && { requestBody: { required: !isOptional(route.body), ...content(route.body) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.responses).map(([status, schema]) => [
          status,
          {
            description: schema.meta()?.description ?? phrases[Number(status)] ?? status,
            ...(route.prefer && status === '202' && { headers: preferenceApplied(route.prefer) }),
            ...content(schema),
          },
        ]),
      ),
      default: {
        description: 'refused: malformed, not signed in, too often, or not right now',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } },
      },
    },
  }
}

function whoMayCall(access: Access): string {
  if (typeof access === 'object') return `For ${access.services.join(', ')}.`
  const who = {
    anyone: 'Anyone.',
    visitor: 'Anyone; more for those signed in.',
    user: 'Signed-in users.',
    proven: 'Signed-in users who have confirmed their address (403 `EMAIL_NOT_VERIFIED`).',
    organizer: 'Organizers who have confirmed their address (403 `EMAIL_NOT_VERIFIED`).',
    operator:
      'Operators: the role ADMIN and a confirmed address (403 `EMAIL_NOT_VERIFIED`), or the command line.',
  }
  return who[access]
}

function securityOf(access: Access): object[] {
  if (access === 'anyone') return []
  return access === 'visitor' ? [{}, { accessToken: [] }] : [{ accessToken: [] }]
}

function idempotencyHeader(route: Route): object[] {
  const kind = idempotencyOf(route)
  if (kind === 'none') return []
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: kind === 'bound',
      description: 'repeating a request under the same key gives the first answer again',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    },
  ]
}

/** A preference that may stand among others: no value is refused. */
function preferHeader({ prefer }: Route): object[] {
  if (!prefer) return []
  const description = `${prefer}: the answer is 202 at once, and what was asked for is done later (RFC 7240)`
  return [
    {
      name: 'Prefer',
      in: 'header',
      required: false,
      description,
      schema: { type: 'string', examples: [prefer] },
    },
  ]
}
const preferenceApplied = (prefer: string) => ({
  'Preference-Applied': {
    description: 'where it came of the preference',
    schema: { type: 'string', const: prefer },
  },
})

function parameters(where: 'path' | 'query', schema?: z.ZodObject) {
  return Object.entries(schema?.shape ?? {}).map(([name, part]) => ({
    name,
    in: where,
    required: where === 'path' || !isOptional(part as z.ZodType),
    schema: wire(part as z.ZodType),
  }))
}

const isOptional = (schema: z.ZodType): boolean => z.safeDecode(schema, undefined as never).success

function content(schema: z.ZodType) {
  if (schema instanceof z.ZodVoid) return {}
  const form = formOf(schema)
  const json = (schema: z.ZodType) => ({ 'application/json': { schema: wire(schema) } })
  switch (form?.kind) {
    case undefined:
      return { content: json(schema) }
    case 'json-text':
      return { content: json(form.json) }
    case 'file':
      return { content: { [form.contentType]: file } }
    case 'file-or-json':
      return { content: { ...json(form.json), [form.contentType]: file } }
    case 'event-stream':
      return { content: { [form.contentType]: { schema: wire(form.item) } } }
  }
}
const file = { schema: { type: 'string', contentEncoding: 'binary' } }

function wire(schema: z.ZodType) {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
    },
  })
  return json
}
