import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import { createSecrets, type Secrets, secretEnvironmentOf } from '@boxoffice/stack'
import { secretsOf } from '../service-environment.ts'
import { CannotDeploy } from './cannot-deploy.ts'

export type Owner = ServiceKey | 'operations'
export const owners: readonly Owner[] = [...serviceKeys, 'operations']
/** Variables by name, of each owner: what its secret holds. */
export type Stored = Readonly<Record<Owner, Readonly<Record<string, string>>>>
type KeyPair = Secrets['token']

export const MISSING_GATEWAY_KEY =
  'the payment gateway’s key is not known: set STRIPE_SECRET_KEY (a test key, sk_test_…, will do) for this deployment'

const CLI = 'boxoffice-cli'

/**
 * What the secrets should hold: all that is there, as it is, and new keys for what is missing. The gateway's
 * keys cannot be made here: `gateway` brings them, and replaces those that are there. Throws CannotDeploy
 * when there are none.
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

/** The variables that one has and the other has not, or otherwise: `auth: TOKEN_PRIVATE_KEY`. Names alone. */
export const changesOf = (before: Stored, after: Stored): string[] =>
  owners.flatMap((owner) =>
    Object.keys(after[owner])
      .filter((variable) => before[owner][variable] !== after[owner][variable])
      .map((variable) => `${owner}: ${variable}`),
  )

/**
 * What lists earlier keys, before any was replaced: a task takes it from the secret, so it has to be there.
 */
const noEarlierKeys = (key: ServiceKey) =>
  Object.fromEntries(
    secretsOf(key).flatMap((name) =>
      /_PREVIOUS_PUBLIC_KEYS$/.test(name) ? [[name, JSON.stringify({ keys: [] })]] : [],
    ),
  )

/**
 * Public keys are kept as they are (while one is replaced there are two), unless somebody's is missing among
 * them. The one that mails' tokens are sealed with always follows its private half.
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
