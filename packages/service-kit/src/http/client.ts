import { formOf, type Outgoing, type Response, type Route, type Routes } from '@boxoffice/contracts'
import { z } from 'zod'
import { readEvents } from './event-stream.ts'

export type Client<T extends Routes> = {
  [K in keyof T]: (
    request: Outgoing<T[K]> & { headers?: Record<string, string>; signal?: AbortSignal },
  ) => Promise<Response<T[K]>>
}
export type Send = (url: string, init: RequestInit & { operationId: string }) => Promise<globalThis.Response>

/** An answer outside the contract: a refusal of the platform (401, 429, 503), or a bug. */
export class UnexpectedAnswer extends Error {
  readonly status: number
  readonly body: unknown
  constructor(route: Route, status: number, body: unknown) {
    const { error = '', message = '' } = (body ?? {}) as { error?: string; message?: string }
    super(`${route.method} ${route.path}: answered ${[status, error, message].filter(Boolean).join(' ')}`)
    this.status = status
    this.body = body
  }
}

/** An answer with a status of the contract and another body: of another version, or of another program. */
export class UnreadableAnswer extends Error {
  constructor(route: Route, status: number, cause: unknown) {
    super(`${route.method} ${route.path}: answered ${status} with a body outside the contract`, { cause })
  }
}

/**
 * Creates a typed client of a contract. `send` defaults to fetch; tests can inject into an app without a
 * port.
 */
export function createClient<T extends Routes>(
  routes: T,
  options: {
    baseUrl: string
    send?: Send
    headers?: () => Record<string, string> | Promise<Record<string, string>>
  },
): Client<T> {
  const send: Send = options.send ?? ((url, { operationId: _, ...init }) => fetch(url, init))
  const call =
    (operationId: string, route: Route) =>
    async (request: {
      params?: object
      query?: object
      body?: unknown
      headers?: Record<string, string>
      signal?: AbortSignal
    }) => {
      const response = await send(options.baseUrl + urlOf(route, request), {
        operationId,
        method: route.method,
        headers: {
          ...(await options.headers?.()),
          ...(route.body && { 'content-type': 'application/json' }),
          ...request.headers,
        },
        ...(request.signal && { signal: request.signal }),
        ...(route.body && { body: JSON.stringify(z.encode(route.body, request.body)) }),
      })
      return read(route, response)
    }
  return Object.fromEntries(Object.entries(routes).map(([name, route]) => [name, call(name, route)])) as never
}

function urlOf(route: Route, request: { params?: object; query?: object }): string {
  const params = (request.params ?? {}) as Record<string, unknown>
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const encoded = route.query && request.query ? z.encode(route.query.partial(), request.query) : {}
  const query = Object.entries(encoded as object).filter(([, value]) => value !== undefined)
  return query.length > 0
    ? `${path}?${new URLSearchParams(query.map(([name, value]) => [name, String(value)]))}`
    : path
}

async function read(route: Route, response: globalThis.Response) {
  const { status } = response
  const schema = route.responses[status]
  const form = schema && formOf(schema)
  if (form?.kind === 'event-stream') return { status, body: readEvents(form.item, response) }
  if (
    form?.kind === 'file' ||
    (form?.kind === 'file-or-json' && response.headers.get('content-type')?.startsWith(form.contentType))
  ) {
    return { status, body: new Uint8Array(await response.arrayBuffer()) }
  }
  const text = await response.text()
  if (form?.kind === 'json-text') return { status, body: text }
  const json = parse(text)
  if (!schema) throw new UnexpectedAnswer(route, status, json)
  if (schema instanceof z.ZodVoid) return { status, body: undefined }
  const decoded = z.safeDecode(schema, json as never)
  if (!decoded.success) throw new UnreadableAnswer(route, status, decoded.error)
  return { status, body: decoded.data }
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}
