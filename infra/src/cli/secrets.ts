import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import { createSecrets, type Secrets, secretEnvironmentOf } from '@boxoffice/stack'
import { secretsOf } from '../service-environment.ts'
import { CannotDeploy } from './cannot-deploy.ts'

export type Owner = ServiceKey | 'operations'
export const owners: readonly Owner[] = [...serviceKeys, 'operations']
/** The contents of each owner's secret: values by variable name. */
export type Stored = Readonly<Record<Owner, Readonly<Record<string, string>>>>
type KeyPair = Secrets['token']

export const MISSING_GATEWAY_KEY =
  'the payment gateway’s key is missing: set STRIPE_SECRET_KEY for this deployment (a test key, ' +
  'sk_test_…, is enough)'

const CLI = 'boxoffice-cli'

/**
 * Returns the secrets with a new key for each missing one; existing keys are kept. The gateway's keys cannot
 * be generated: those in `gateway` replace stored ones. Throws CannotDeploy if neither exists.
 */
export function fillSecrets(stored: Stored, gateway: { secretKey?: string; webhookSecret?: string }): Stored {
  const known = (owner: Owner, variable: string, fresh: KeyPair): KeyPair => {
    const json = stored[owner][variable]
    return json === undefined ? fresh : pairOf(JSON.parse(json))
  }
  const fresh = createSecrets()
  const own = (owner: Owner, name: string) =>
    known(owner, 'SERVICE_PRIVATE_KEY', fresh.services[name] as KeyPair)
  const secrets: Secrets = {
    services: Object.fromEntries([
      ...serviceKeys.map((key) => [services[key].name, own(key, services[key].name)]),
      [CLI, own('operations', CLI)],
    ]),
    token: known('auth', 'TOKEN_PRIVATE_KEY', fresh.token),
    ticketSigning: known('tickets', 'TICKET_SIGNING_KEY', fresh.ticketSigning),
    notifications: known('notifications', 'NOTIFICATIONS_PRIVATE_KEY', fresh.notifications),
    push: known('notifications', 'VAPID_PRIVATE_KEY', fresh.push),
    stripeSecretKey: gateway.secretKey ?? stored.payments.STRIPE_SECRET_KEY ?? missingGatewayKey(),
    stripeWebhookSecret:
      gateway.webhookSecret ?? stored.payments.STRIPE_WEBHOOK_SECRET ?? fresh.stripeWebhookSecret,
  }
  const { stripeSecretKey: STRIPE_SECRET_KEY, stripeWebhookSecret: STRIPE_WEBHOOK_SECRET } = secrets
  const filled = serviceKeys.map((key) => [
    key,
    { ...noEarlierKeys(key), ...secretEnvironmentOf(key, secrets), ...withoutStale(stored[key], secrets) },
  ])
  const made: Record<Owner, Record<string, string>> = Object.fromEntries(filled)
  Object.assign(made.payments, { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET })
  made.operations = {
    SERVICE_PRIVATE_KEY: JSON.stringify(secrets.services[CLI]?.privateKey),
    ...stored.operations,
  }
  return made
}

/**
 * Returns the names of the variables that were added or changed, such as `auth: TOKEN_PRIVATE_KEY`; no
 * values.
 */
export const changesOf = (before: Stored, after: Stored): string[] =>
  owners.flatMap((owner) =>
    Object.keys(after[owner])
      .filter((variable) => before[owner][variable] !== after[owner][variable])
      .map((variable) => `${owner}: ${variable}`),
  )

/**
 * Empty lists of previous keys, for before the first rotation: the task definition refers to them, so they
 * must exist in the secret.
 */
const noEarlierKeys = (key: ServiceKey) =>
  Object.fromEntries(
    secretsOf(key).flatMap((name) =>
      /_PREVIOUS_PUBLIC_KEYS$/.test(name) ? [[name, JSON.stringify({ keys: [] })]] : [],
    ),
  )

/**
 * Drops stored public keys that no longer match the private ones. The key set is kept if it contains every
 * service's key (during a rotation a service has two). The key that seals mailed tokens is always derived
 * from its private half.
 */
function withoutStale(
  { SERVICE_PUBLIC_KEYS: set, NOTIFICATIONS_PUBLIC_KEY: _, ...others }: Readonly<Record<string, string>>,
  { services: pairs }: Secrets,
) {
  if (set === undefined) return others
  const present = new Set((JSON.parse(set) as { keys: { x: string }[] }).keys.map(({ x }) => x))
  const complete = Object.values(pairs).every(({ publicKey }) => present.has(String(publicKey.x)))
  return complete ? { SERVICE_PUBLIC_KEYS: set, ...others } : others
}

function pairOf(privateKey: KeyPair['privateKey']): KeyPair {
  const { d: _, ...publicKey } = privateKey
  return { privateKey, publicKey: publicKey as KeyPair['publicKey'] }
}

function missingGatewayKey(): never {
  throw new CannotDeploy(MISSING_GATEWAY_KEY)
}
