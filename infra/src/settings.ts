import { z } from 'zod'

const region = /^[a-z]{2}(-[a-z]+)+-\d$/

const isUnder = (name: string, domain: string) => name === domain || name.endsWith(`.${domain}`)

/**
 * What only whoever deploys can know. Given to the first deployment of an environment and remembered in its
 * account (Parameter Store); reaches the stacks as the context `settings`, in JSON.
 */
export const Settings = z
  .strictObject({
    account: z
      .string()
      .regex(/^\d{12}$/, 'must be twelve digits')
      .optional()
      .describe("the AWS account; the credentials' own where none is named"),
    region: z
      .string()
      .regex(region, 'must be a region such as eu-west-1')
      .default('eu-west-1')
      .describe('the AWS region'),
    operators: z.email().optional().describe('where alarms, alerts and the budget write to'),
    domain: z.hostname().optional().describe('what the outside calls us, such as tickets.example.com'),
    zone: z
      .string()
      .regex(/^Z[A-Z0-9]+$/, 'must be the id of a hosted zone, such as Z0123456789ABC')
      .optional()
      .describe('id of the Route 53 hosted zone that the domain is in'),
    zoneName: z.hostname().optional().describe("the hosted zone's own name, where it is not the domain"),
    certificate: z
      .string()
      .regex(/^arn:aws[\w-]*:acm:/, 'must be the ARN of a certificate of ACM')
      .optional()
      .describe('a certificate that is there already, where the domain is not in Route 53'),
    zones: z
      .string()
      .regex(/^[a-f]{2,6}$/, 'must be letters such as abd')
      .default('abc')
      .describe('letters of the zones to use, where the account does not have a, b and c'),
    postgres: z
      .string()
      .regex(/^17\.\d+$/, 'must be a version such as 17.5')
      .default('17.5')
      .describe('version of Aurora PostgreSQL: AWS takes old ones away'),
    selfSigned: z.string().optional().describe('the certificate that signs itself; the deployment makes it'),
    established: z
      .boolean()
      .optional()
      .describe('whether a deployment came to its end; from then on stacks are protected'),
    from: z.email().optional().describe('sender of every mail; tickets@<domain> where none is named'),
    replyTo: z.string().optional().describe('where answers to mails go, comma separated'),
    templatesDir: z
      .string()
      .optional()
      .describe("folder of one's own templates in the notification service's image (docs/templates.md)"),
    smsSender: z.string().optional().describe('sender that telephones show, where the country allows one'),
  })
  .refine(({ domain, zone, certificate }) => !domain || zone || certificate, {
    message: 'a domain needs the hosted zone it is in (zone), or a certificate',
  })
  .refine(({ domain, from }) => !domain || !from || isUnder(from.split('@')[1] ?? '', domain), {
    message: 'the sender (from) must be of the domain: mail providers are told of no other',
  })
export type Settings = z.output<typeof Settings>

/**
 * The certificate that is not made with the load balancer: one that was brought, or the one that signs
 * itself.
 */
export const certificateOf = ({ certificate, selfSigned, domain }: Settings): string | undefined =>
  certificate ?? (domain ? undefined : selfSigned)

/** The settings of a context value; throws one error that names everything wrong. */
export function readSettings(json: string | undefined): Settings {
  const result = Settings.safeParse(json === undefined ? {} : JSON.parse(json))
  if (!result.success) throw new Error(`settings:\n${z.prettifyError(result.error)}`)
  return result.data
}

/**
 * Where mails come from. Without a domain, or an address of one's own, it is only good to look at a template.
 */
export const senderOf = ({ from, domain, operators }: Settings): string =>
  from ?? (domain ? `tickets@${domain}` : (operators ?? 'tickets@boxoffice.example'))
