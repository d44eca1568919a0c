import { readEnvironment } from '@boxoffice/service-kit'
import { z } from 'zod'

export const Environment = z.object({
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce.number().int().describe('port to listen on'),
  MAIL_FILE: z.string().min(1).describe('file of the mails, one JSON object a line'),
})

/** The only reader of the environment. Throws with every missing or wrong variable named. */
export function loadConfig(environment: Record<string, string | undefined>) {
  const read = readEnvironment(Environment, environment)
  return { host: read.HOST, port: read.PORT, file: read.MAIL_FILE }
}
