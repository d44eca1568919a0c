import { chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { type Environment, secretEnvironmentOf } from '../environment.ts'
import { loadSecrets, type Secrets } from '../secrets.ts'
import { loadPasswords, type Passwords } from './passwords.ts'

/** The programs of `docker-compose.yml` that get secrets. */
export type Holder = ServiceKey | 'sandbox' | 'ops' | 'migrate'
/** The file from which PostgreSQL's image reads the administrator's password, with nothing else in it. */
const POSTGRES_FOLDER = 'postgres'
const OWN_FOLDER = 'own'

/** Returns the secrets of each program: a service gets only its own password and keys. */
export function secretEnvironments(
  secrets: Secrets,
  passwords: Passwords,
  databaseServer: string,
): Readonly<Record<Holder, Environment>> {
  const ofService = (key: ServiceKey): Environment => ({
    DATABASE_URL: `postgres://${key}:${passwords.services[key]}@${databaseServer}/${key}`,
    ...secretEnvironmentOf(key, secrets),
  })
  const services = Object.fromEntries(serviceKeys.map((key) => [key, ofService(key)])) as Record<
    ServiceKey,
    Environment
  >
  const rolePasswords = serviceKeys.map((key) => [
    `${key.toUpperCase()}_DATABASE_PASSWORD`,
    passwords.services[key],
  ])
  return {
    ...services,
    sandbox: {
      STRIPE_SECRET_KEY: secrets.stripeSecretKey,
      STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
    },
    ops: { SERVICE_PRIVATE_KEY: JSON.stringify(secrets.services['boxoffice-cli']?.privateKey) },
    migrate: { DATABASE_ADMIN_PASSWORD: passwords.administrator, ...Object.fromEntries(rolePasswords) },
  }
}

/** Formats a variable for `node --env-file`. Throws for a value that would be read back differently. */
export function envFileOf(environment: Environment): string {
  const lines = Object.entries(environment).map(([name, value]) => {
    if (/['\n\r]/.test(value))
      throw new Error(`${name} has a value that cannot be written to an environment file`)
    return `${name}='${value}'\n`
  })
  return lines.join('')
}

/**
 * Writes `<folder>/<program>/<program>.env` for every program that gets secrets, and
 * `<folder>/postgres/password`, each readable by its program only; the secrets are created the first time and
 * kept in `<folder>/own`. Safe to repeat.
 */
export function writeSecrets(options: {
  folder: string
  databaseServer: string
  ownerId: number
  dataFolders: readonly string[]
}): Holder[] {
  const { folder, ownerId } = options
  const own = path.join(folder, OWN_FOLDER)
  const passwords = loadPasswords(own)
  const environments = secretEnvironments(loadSecrets(own), passwords, options.databaseServer)
  for (const [name, environment] of Object.entries(environments)) {
    writePrivately(path.join(folder, name, `${name}.env`), envFileOf(environment), ownerId)
  }
  // Its image reads the password as root, then switches to the user postgres.
  writePrivately(path.join(folder, POSTGRES_FOLDER, 'password'), passwords.administrator)
  for (const dataFolder of options.dataFolders) chownSync(dataFolder, ownerId, ownerId)
  return Object.keys(environments) as Holder[]
}

function writePrivately(file: string, content: string, ownerId?: number): void {
  mkdirSync(path.dirname(file), { recursive: true })
  // of a killed run: not even root may write to it without a capability
  rmSync(`${file}.new`, { force: true })
  writeFileSync(`${file}.new`, content, { mode: 0o400 })
  if (ownerId !== undefined) chownSync(`${file}.new`, ownerId, ownerId)
  renameSync(`${file}.new`, file)
}
