import type { Send } from '@boxoffice/service-kit'
import type { AnswerCheck } from './answers.ts'

/**
 * A `send` of the typed client that has every answer checked against the documents; without a check, plain
 * fetch.
 */
export const sendChecked =
  (check: AnswerCheck | undefined): Send =>
  async (url, { operationId: _, ...init }) => {
    const response = await fetch(url, init)
    if (check) await checkResponse(check, init.method ?? 'GET', url, response)
    return response
  }

/** Have an answer checked; the response stays readable. */
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
