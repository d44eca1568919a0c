import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import { DatabaseLogin, readEnvironment, SigningKey } from '@boxoffice/service-kit'
import { z } from 'zod'
import { InputError } from './failure.ts'

type Environment = Readonly<Record<string, string | undefined>>

const urlNames = serviceKeys.map((key) => `${key.toUpperCase()}_URL`)
const Urls = z.object(Object.fromEntries(urlNames.map((name) => [name, z.url()])))
const Aws = z.object(messagingEnvironment)
const Databases = z.object({
  DATABASE_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_ADMIN_PASSWORD: z.string().min(1).optional(),
  DATABASE_LOGIN: DatabaseLogin.default('password'),
  DATABASE_PREFIX: z
    .string()
    .regex(/^[a-z0-9_]*$/)
    .default(''),
})
const Passwords = z.object(
  Object.fromEntries(serviceKeys.map((key) => [passwordName(key), z.string().min(1)])),
)
const Grant = z.object({ AUTH_URL: z.url(), SERVICE_PRIVATE_KEY: SigningKey })
const Projection = z.object({ ANALYTICS_URL: z.url(), SERVICE_PRIVATE_KEY: SigningKey })
/** Of what `npm start` keeps in `secrets.json`, our own key. */
const Secrets = z.object({
  services: z.object({ 'boxoffice-cli': z.object({ privateKey: z.looseObject({ kid: z.string() }) }) }),
})

export interface DatabasesConfig {
  adminUrl: string
  /** Where the URL has none. */
  adminPassword: string | undefined
  login: DatabaseLogin
  /** Put before the names of databases and roles. */
  prefix: string
  /** By service; none with `iam`. */
  passwords: Partial<Record<ServiceKey, string>>
}

/** Where the system is. Nothing is read before a command asks for it: each needs a part of it only. */
export interface Config {
  status(): { urls: Record<ServiceKey, string>; messaging: MessagingConfig }
  messaging(): MessagingConfig
  grant(): { authUrl: string; privateKey: z.output<typeof SigningKey> }
  projection(): { analyticsUrl: string; privateKey: z.output<typeof SigningKey> }
  /** The server that holds the databases; always from the environment: `npm start` migrates its own. */
  databases(): DatabasesConfig
  /** What the AWS SDK is to find in the environment. */
  awsCredentials: Record<string, string>
}

/**
 * Read from the environment when it names a service's address; otherwise the system that `npm start` runs
 * from this folder is meant. Never a mixture: one address of another system beside our own would tell of
 * neither.
 */
export function loadConfig(environment: Environment, folder: string): Config {
  const local = urlNames.every((name) => environment[name] === undefined)
  const messaging = () => messagingConfig(read(Aws, effective()))
  const effective = () => (local ? localEnvironment(environment, folder) : environment)
  return {
    status() {
      const urls = read(Urls, effective())
      return {
        urls: Object.fromEntries(serviceKeys.map((key) => [key, urls[`${key.toUpperCase()}_URL`]])) as Record<
          ServiceKey,
          string
        >,
        messaging: messaging(),
      }
    },
    messaging,
    grant() {
      const { AUTH_URL, SERVICE_PRIVATE_KEY } = read(Grant, effective())
      return { authUrl: AUTH_URL, privateKey: SERVICE_PRIVATE_KEY }
    },
    projection() {
      const { ANALYTICS_URL, SERVICE_PRIVATE_KEY } = read(Projection, effective())
      return { analyticsUrl: ANALYTICS_URL, privateKey: SERVICE_PRIVATE_KEY }
    },
    databases: () => databasesOf(environment),
    awsCredentials: local ? { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' } : {},
  }
}

function databasesOf(environment: Environment): DatabasesConfig {
  const admin = read(Databases, environment)
  const login = admin.DATABASE_LOGIN
  const passwords = login === 'password' ? read(Passwords, environment) : {}
  return {
    adminUrl: admin.DATABASE_ADMIN_URL,
    adminPassword: admin.DATABASE_ADMIN_PASSWORD,
    login,
    prefix: admin.DATABASE_PREFIX,
    passwords: Object.fromEntries(serviceKeys.map((key) => [key, passwords[passwordName(key)]])),
  }
}

function passwordName(key: ServiceKey): string {
  return `${key.toUpperCase()}_DATABASE_PASSWORD`
}

/**
 * What the local system is reached with: its ports (moved by the variables that move them for `npm start`)
 * and our key.
 */
function localEnvironment(environment: Environment, folder: string): Environment {
  const aws = localUrl(environment, 'AWS_PORT', 4566)
  return {
    ...Object.fromEntries(
      serviceKeys.map((key) => {
        const name = key.toUpperCase()
        return [`${name}_URL`, localUrl(environment, `${name}_PORT`, services[key].defaultPort)]
      }),
    ),
    AWS_REGION: 'us-east-1',
    AWS_ACCOUNT_ID: '000000000000',
    AWS_SNS_ENDPOINT: aws,
    AWS_SQS_ENDPOINT: aws,
    SERVICE_PRIVATE_KEY: localKey(folder),
  }
}

function localKey(folder: string): string {
  const file = path.join(folder, 'secrets.json')
  if (!existsSync(file)) {
    throw new InputError(
      `no system was ever started here (there is no ${file}): run \`npm start\`, or set ${urlNames.join(', ')} to look at another`,
    )
  }
  try {
    const secrets = Secrets.parse(JSON.parse(readFileSync(file, 'utf8')))
    return JSON.stringify(secrets.services['boxoffice-cli'].privateKey)
  } catch {
    throw new InputError(`${file} holds no key of boxoffice-cli: \`npm start -- --fresh\` makes a new one`)
  }
}

function localUrl(environment: Environment, variable: string, standard: number): string {
  const port = Number(environment[variable] ?? standard)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InputError(`${variable} is ${environment[variable]}, which is no port`)
  }
  return `http://127.0.0.1:${port}`
}

function read<S extends z.ZodObject>(schema: S, environment: Environment): z.output<S> {
  try {
    return readEnvironment(schema, environment)
  } catch (error) {
    throw new InputError((error as Error).message)
  }
}
