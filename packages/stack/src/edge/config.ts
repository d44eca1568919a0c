import { serviceKeys } from '@boxoffice/contracts'
import { readEnvironment } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { EdgeOptions } from './edge.ts'

const Upstreams = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue('must be JSON')
      return z.NEVER
    }
  })
  .pipe(z.partialRecord(z.enum(serviceKeys), z.array(z.url())))

export const Environment = z.object({
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce.number().int().describe('port to listen on'),
  UPSTREAMS: Upstreams.describe("base URLs of each service's instances, in JSON"),
  MAILBOX_URL: z.url().describe('where people read mail'),
  SMS_URL: z.url().describe('where people read text messages'),
  ANSWER_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(30_000)
    .describe('longest time that a service may take to answer, in ms'),
  REQUEST_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(30_000)
    .describe('longest time that a client may take to send a request, in ms'),
})

/** Reads the environment, here only. Throws an error that names every missing or invalid variable. */
export function loadConfig(
  environment: Record<string, string | undefined>,
): EdgeOptions & { host: string; port: number } {
  const read = readEnvironment(Environment, environment)
  return {
    host: read.HOST,
    port: read.PORT,
    upstreams: read.UPSTREAMS,
    mailboxUrl: read.MAILBOX_URL,
    smsUrl: read.SMS_URL,
    answerTimeoutMs: read.ANSWER_TIMEOUT_MS,
    requestTimeoutMs: read.REQUEST_TIMEOUT_MS,
  }
}
