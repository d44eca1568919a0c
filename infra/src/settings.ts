import { z } from 'zod'

const region = /^[a-z]{2}(-[a-z]+)+-\d$/

const isUnder = (name: string, domain: string) => name === domain || name.endsWith(`.${domain}`)

/**
 * Settings that only the operator knows. Passed to the first deployment of an environment, saved in its
 * account (Parameter Store), and handed to the stacks as JSON in the context `settings`.
 */
export const Settings = z
  .strictObject({
    account: z
      .string()
      .regex(/^\d{12}$/, 'must be twelve digits')
      .optional()
      .describe('the AWS account; by default that of the credentials'),
    region: z
      .string()
      .regex(region, 'must be a region such as eu-west-1')
      .default('eu-west-1')
      .describe('the AWS region'),
    operators: z.email().optional().describe('mail address that receives alarms, alerts and budget notices'),
    domain: z.hostname().optional().describe('public host name, such as tickets.example.com'),
    zone: z
      .string()
      .regex(/^Z[A-Z0-9]+$/, 'must be the id of a hosted zone, such as Z0123456789ABC')
      .optional()
      .describe('id of the Route 53 hosted zone of the domain'),
    zoneName: z.hostname().optional().describe('name of the hosted zone, if it is not the domain'),
    certificate: z
      .string()
      .regex(/^arn:aws[\w-]*:acm:/, 'must be the ARN of an ACM certificate')
      .optional()
      .describe('ARN of an existing certificate, if the domain is not in Route 53'),
    zones: z
      .string()
      .regex(/^[a-f]{2,6}$/, 'must be letters such as abd')
      .default('abc')
      .describe('letters of the availability zones to use, if the account does not have a, b and c'),
    postgres: z
      .string()
      .regex(/^17\.\d+$/, 'must be a version such as 17.5')
      .default('17.5')
      .describe('version of Aurora PostgreSQL; AWS retires old ones'),
    selfSigned: z.string().optional().describe('ARN of the self-signed certificate; set by the deployment'),
    established: z
      .boolean()
      .optional()
      .describe('whether a deployment has completed; stacks are protected from then on'),
    from: z.email().optional().describe('sender of every mail; by default tickets@<domain>'),
    replyTo: z.string().optional().describe('addresses for replies, separated by commas'),
    templatesDir: z
      .string()
      .optional()
      .describe("folder of the operator's templates in the notification service's image (docs/templates.md)"),
    smsSender: z.string().optional().describe('sender shown on telephones, in countries that allow it'),
  })
  .refine(({ domain, zone, certificate }) => !domain || zone || certificate, {
    message: 'a domain requires its hosted zone (zone) or a certificate',
  })
  .refine(({ domain, from }) => !domain || !from || isUnder(from.split('@')[1] ?? '', domain), {
    message: 'the sender (from) must be in the domain: only the domain is set up for sending mail',
  })
export type Settings = z.output<typeof Settings>

/**
 * Returns the ARN of a certificate that the edge stack does not create: a configured one, or the self-signed
 * one.
 */
export const certificateOf = ({ certificate, selfSigned, domain }: Settings): string | undefined =>
  certificate ?? (domain ? undefined : selfSigned)

/** Parses the settings of a context value. Throws one error that names everything invalid. */
export function readSettings(json: string | undefined): Settings {
  const result = Settings.safeParse(json === undefined ? {} : JSON.parse(json))
  if (!result.success) throw new Error(`settings:\n${z.prettifyError(result.error)}`)
  return result.data
}

/**
 * Returns the sender of mails. Without a domain, `from` or `operators` it is a placeholder, for looking at
 * templates only.
 */
export const senderOf = ({ from, domain, operators }: Settings): string =>
  from ?? (domain ? `tickets@${domain}` : (operators ?? 'tickets@boxoffice.example'))
