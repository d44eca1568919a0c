import { chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { type Environment, secretEnvironmentOf } from '../environment.ts'
import { loadSecrets, type Secrets } from '../secrets.ts'
import { loadPasswords, type Passwords } from './passwords.ts'

/** Of the programs that `docker-compose.yml` starts, those that are given secrets. */
export type Holder = ServiceKey | 'sandbox' | 'ops' | 'migrate'
/** Where PostgreSQL's image reads the administrator's password: a file with nothing else in it. */
const POSTGRES_FOLDER = 'postgres'
const OWN_FOLDER = 'own'

/**
 * What each program is told in confidence, and nobody else: a service reads its own password and keys alone.
 */
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

/** As `node --env-file` reads it. Throws for a value that it could not read back as it is. */
export function envFileOf(environment: Environment): string {
  const lines = Object.entries(environment).map(([name, value]) => {
    if (/['\n\r]/.test(value)) throw new Error(`${name} cannot stand in an environment file`)
    return `${name}='${value}'\n`
  })
  return lines.join('')
}

/**
 * Write `<folder>/<program>/<program>.env` for every program that is given secrets, and
 * `<folder>/postgres/password`, each for the eyes of its reader alone; the secrets are made the first time
 * and kept in `<folder>/own`. Run again it writes the same.
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
  // Its image reads the password as root, and only then becomes the user postgres.
  writePrivately(path.join(folder, POSTGRES_FOLDER, 'password'), passwords.administrator)
  for (const dataFolder of options.dataFolders) chownSync(dataFolder, ownerId, ownerId)
  return Object.keys(environments) as Holder[]
}

function writePrivately(file: string, content: string, ownerId?: number): void {
  mkdirSync(path.dirname(file), { recursive: true })
  rmSync(`${file}.new`, { force: true }) // of a run that was killed: not even root may write to it without a capability
  writeFileSync(`${file}.new`, content, { mode: 0o400 })
  if (ownerId !== undefined) chownSync(`${file}.new`, ownerId, ownerId)
  renameSync(`${file}.new`, file)
}
