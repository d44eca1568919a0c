import type { Send } from '@boxoffice/service-kit'
import type { AnswerCheck } from './answers.ts'

/**
 * A `send` for the typed client that checks every response against the documents; plain fetch without a
 * check.
 */
export const sendChecked =
  (check: AnswerCheck | undefined): Send =>
  async (url, { operationId: _, ...init }) => {
    const response = await fetch(url, init)
    if (check) await checkResponse(check, init.method ?? 'GET', url, response)
    return response
  }

/** Checks a response; its body stays readable. */
export async function checkResponse(
  check: AnswerCheck,
  method: string,
  url: string,
  response: Response,
): Promise<void> {
  const contentType = response.headers.get('content-type')
  const isText = contentType === null || contentType.startsWith('application/json')
  const body = isText ? await response.clone().text() : null
  check.check({ method, url, status: response.status, contentType, body })
}
