import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import type { Secrets } from './secrets.ts'

/** Where everything is that a service may want to reach: base URLs, without a trailing slash. */
export interface Addresses {
  publicUrl: string
  services: Readonly<Record<ServiceKey, string>>
  redis: string
  aws: string
  mailbox: string
  sms: string
  sandbox: string
  databaseUrl(service: ServiceKey): string
}

export type Environment = Record<string, string>

/** All that `service` reads from its environment. It gets its own private keys and no other's. */
export function environmentOf(service: ServiceKey, secrets: Secrets, addresses: Addresses): Environment {
  const { name } = services[service]
  const own = secrets.services[name]
  if (!own) throw new Error(`secrets.json has no key for ${name}: delete the file, and the next start makes a new one`)
  const urls = serviceKeys.map((key) => [`${key.toUpperCase()}_URL`, addresses.services[key]])
  const publicKeys = Object.values(secrets.services).map((pair) => ({ ...pair.publicKey, use: 'sig' }))
  return {
    PORT: new URL(addresses.services[service]).port,
    LOG_LEVEL: 'info',
    DATABASE_URL: addresses.databaseUrl(service),
    REDIS_URL: addresses.redis,
    PUBLIC_URL: addresses.publicUrl,
    ...Object.fromEntries(urls),
    SERVICE_PRIVATE_KEY: JSON.stringify(own.privateKey),
    SERVICE_PUBLIC_KEYS: JSON.stringify({ keys: publicKeys }),
    ...messagingEnvironmentOf(addresses),
    AWS_SES_ENDPOINT: addresses.mailbox,
    ...ownEnvironment(service, secrets, addresses),
  }
}

/** What it takes to reach the local SNS and SQS. */
export const messagingEnvironmentOf = ({ aws }: Pick<Addresses, 'aws'>): Environment => ({
  AWS_REGION: 'us-east-1',
  AWS_ACCOUNT_ID: '000000000000',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_SNS_ENDPOINT: aws,
  AWS_SQS_ENDPOINT: aws,
  SQS_WAIT_SECONDS: '1', // a consumer that stops waits for its poll to end
})

function ownEnvironment(service: ServiceKey, secrets: Secrets, addresses: Addresses): Environment {
  switch (service) {
    case 'auth':
      return {
        TOKEN_PRIVATE_KEY: JSON.stringify(secrets.token.privateKey),
        NOTIFICATIONS_PUBLIC_KEY: JSON.stringify(secrets.notifications.publicKey),
        // Here everybody comes from 127.0.0.1.
        REGISTRATIONS_PER_NETWORK: '1000000',
        MAIL_REQUESTS_PER_NETWORK: '1000000',
      }
    case 'tickets':
      return { TICKET_SIGNING_KEY: JSON.stringify(secrets.ticketSigning.privateKey) }
    case 'payments':
      return {
        STRIPE_SECRET_KEY: secrets.stripeSecretKey,
        STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
        STRIPE_API_URL: addresses.sandbox,
      }
    case 'notifications':
      return {
        NOTIFICATIONS_PRIVATE_KEY: JSON.stringify(secrets.notifications.privateKey),
        FROM_EMAIL_ADDRESS: 'tickets@boxoffice.example',
        REPLY_TO_ADDRESSES: 'help@boxoffice.example',
        AWS_SMS_ENDPOINT: addresses.sms,
        SMS_SENDER_ID: 'Boxoffice',
      }
    case 'events':
      return { CACHE_REDIS_URL: addresses.redis }
  }
}
