import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { z } from 'zod'

const Passwords = z.object({ administrator: z.string().min(1), services: z.record(z.enum(serviceKeys), z.string().min(1)) })
/** Of PostgreSQL: the administrator's, and one for each service's role. */
export type Passwords = z.output<typeof Passwords>

/** The database passwords of `folder`, made the first time; nobody else may read the file. */
export function loadPasswords(folder: string): Passwords {
  const file = path.join(folder, 'passwords.json')
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${file}.new`, `${JSON.stringify(createPasswords(), null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return Passwords.parse(JSON.parse(readFileSync(file, 'utf8')))
}

export function createPasswords(): Passwords {
  const password = () => randomBytes(24).toString('base64url') // stands in a URL as it is
  const services = Object.fromEntries(serviceKeys.map((key) => [key, password()]))
  return { administrator: password(), services: services as Record<ServiceKey, string> }
}
