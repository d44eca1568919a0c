import { isSecret } from '@boxoffice/service-kit'
import { serviceKeys } from '../packages/contracts/src/values/services.ts'
import * as ops from '../packages/ops/src/config.ts'
import * as sandbox from '../packages/payment-sandbox/src/config.ts'
import * as aws from '../packages/stack/src/aws/config.ts'
import { loadSecretsConfig, loadSeedConfig } from '../packages/stack/src/compose/config.ts'
import { type Holder, secretEnvironments } from '../packages/stack/src/compose/env-files.ts'
import { createPasswords } from '../packages/stack/src/compose/passwords.ts'
import * as edge from '../packages/stack/src/edge/config.ts'
import * as mailbox from '../packages/stack/src/mailbox/config.ts'
import { createSecrets } from '../packages/stack/src/secrets.ts'
import * as sms from '../packages/stack/src/sms/config.ts'
import type { Compose, ComposeService } from './compose.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Load = (environment: Environment) => unknown

interface Configuration {
  Environment: { shape: Record<string, Parameters<typeof isSecret>[0]> }
  loadConfig: Load
}
/** As each service reads it; by name, since there is one for each of them. */
const services: Readonly<Record<string, Configuration>> = Object.fromEntries(
  await Promise.all(serviceKeys.map(async (key) => [key, await import(`../services/${key}/src/config.ts`)])),
)

const opsWith =
  (part: (config: ReturnType<typeof ops.loadConfig>) => unknown): Load =>
  (environment) =>
    part(ops.loadConfig(environment, 'nowhere'))

/**
 * What each program asks its environment for when it starts, by its name in the build, its entry where that
 * is not `main.js`, and its first argument.
 */
const loads: Readonly<Record<string, Load | undefined>> = {
  ...Object.fromEntries(serviceKeys.map((key) => [key, services[key]?.loadConfig])),
  edge: edge.loadConfig,
  sandbox: sandbox.loadConfig,
  'secrets secrets': loadSecretsConfig,
  'secrets seed': loadSeedConfig,
  'ops migrate': opsWith((config) => config.databases()),
  ops: opsWith((config) => [config.status(), serviceKeys.map(config.service), config.deadLetterBucket()]),
  standin: aws.loadConfig,
  'standin mailbox.js': mailbox.loadConfig,
  'standin sms.js': sms.loadConfig,
}
/** What the AWS SDK finds by itself. */
const ofTheSdk = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']

/** What must never stand in the file: what a schema marks as secret, and what holds a password. */
const secretNames = new Set([
  ...Object.values({ ...services, sandbox, edge }).flatMap(({ Environment }) =>
    Object.entries(Environment.shape).flatMap(([name, schema]) => (isSecret(schema) ? [name] : [])),
  ),
  'DATABASE_URL',
  'DATABASE_ADMIN_PASSWORD',
  'POSTGRES_PASSWORD',
])

const ENV_FILE = /^--env-file=\/run\/boxoffice\/(\w+)\.env$/

/** Whose environment file a service is started with; null for none. */
export const holderOf = ({ entrypoint = [] }: ComposeService): Holder | null =>
  (entrypoint.map((argument) => ENV_FILE.exec(argument)?.[1]).find((holder) => holder) ??
    null) as Holder | null

/** All that a program of ours is started with: what stands in the file, over what `secrets` gives it. */
export function environmentsOf(compose: Compose): Record<string, Record<string, string>> {
  const { DATABASE_SERVER } = compose.services.secrets?.environment ?? {}
  const secrets = secretEnvironments(createSecrets(), createPasswords(), String(DATABASE_SERVER))
  const ofServices = Object.entries(compose.services).map(([name, service]) => {
    const holder = holderOf(service)
    return [name, { ...(holder && secrets[holder]), ...service.environment }]
  })
  return Object.fromEntries(ofServices)
}

/**
 * Every program starts with what it is given, is given nothing that it does not read, and nothing secret
 * stands in the file.
 */
export function complaintsOfEnvironments(compose: Compose): string[] {
  const environments = environmentsOf(compose)
  return Object.entries(compose.services).flatMap(([name, service]) => {
    const inClear = Object.keys(service.environment ?? {}).filter((variable) => secretNames.has(variable))
    const complaints = inClear.map((variable) => `${name}: ${variable} stands in the file`)
    if (!service.build) return complaints
    const { PROGRAM } = service.build.args
    const entry = service.entrypoint?.at(-1) ?? 'main.js'
    const load =
      loads[[PROGRAM, ...(entry === 'main.js' ? [] : [entry]), ...(service.command ?? [])].join(' ')]
    if (!load) return [...complaints, `${name}: ${PROGRAM} has no command ${service.command}`]
    const asked = new Set(ofTheSdk)
    try {
      load(listening(environments[name] ?? {}, asked))
    } catch (error) {
      return [...complaints, `${name}: ${(error as Error).message}`]
    }
    const unread = Object.keys(environments[name] ?? {}).filter((variable) => !asked.has(variable))
    return [...complaints, ...unread.map((variable) => `${name} does not read ${variable}`)]
  })
}

/** The same environment, which notes what it is asked for. */
const listening = (environment: Record<string, string>, asked: Set<string>): Environment =>
  new Proxy(environment, {
    get(target, variable) {
      asked.add(String(variable))
      return Reflect.get(target, variable)
    },
  })
