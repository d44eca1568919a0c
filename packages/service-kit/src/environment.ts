import { z } from 'zod'
import { json } from './json-setting.ts'

// What programs read their environment with, without anything that a service needs besides.

const jsonText = z.string().transform(json)

/** A private Ed25519 key, as a JWK in JSON. */
export const SigningKey = jsonText.pipe(
  z.looseObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string(),
    d: z.string(),
    kid: z.string(),
  }),
)
/** Any JWK in JSON. */
export const Jwk = jsonText.pipe(z.looseObject({ kty: z.string() }))
/** A JWKS of public Ed25519 keys in JSON. */
export const Jwks = jsonText.pipe(
  z.object({ keys: z.array(z.looseObject({ kty: z.literal('OKP'), x: z.string(), kid: z.string() })) }),
)

/**
 * Marks a variable that must not appear in clear text in a template or a task definition: infrastructure
 * reads it from Secrets Manager. Call it last, after `.describe`.
 */
export const secret = <S extends z.ZodType>(schema: S): S => schema.meta({ secret: true })
export const isSecret = (schema: z.ZodType): boolean => schema.meta()?.secret === true

/** How a service logs in to PostgreSQL: with the password of its URL, or short-lived AWS tokens. */
export const DatabaseLogin = z.enum(['password', 'iam'])
export type DatabaseLogin = z.output<typeof DatabaseLogin>

/** Parses the environment; throws one error that names every missing or invalid variable. */
export function readEnvironment<S extends z.ZodObject>(
  schema: S,
  environment: Record<string, string | undefined>,
): z.output<S> {
  const result = schema.safeParse(environment)
  if (!result.success) throw new Error(`configuration:\n${z.prettifyError(result.error)}`)
  return result.data
}

/** Returns the URL with this password, unless it has one. */
export function withPassword(url: string, password: string | undefined): string {
  const parsed = new URL(url)
  if (!password || parsed.password) return url
  parsed.password = encodeURIComponent(password)
  return parsed.href
}
