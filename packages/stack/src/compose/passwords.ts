import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { z } from 'zod'
import { loadCompleted } from '../private-file.ts'

const Password = z.string().min(1)
const Stored = z.object({ administrator: Password, services: z.partialRecord(z.enum(serviceKeys), Password) })
/** PostgreSQL's passwords: the administrator's, and one for each service's role. */
export interface Passwords {
  administrator: string
  services: Record<ServiceKey, string>
}

/**
 * Returns the database passwords of `folder`, created the first time in a private file. A new service gets
 * one; existing ones stay.
 */
export function loadPasswords(folder: string): Passwords {
  return loadCompleted(path.join(folder, 'passwords.json'), Stored, (there) => {
    const fresh = createPasswords()
    return { ...fresh, ...there, services: { ...fresh.services, ...there?.services } }
  })
}

export function createPasswords(): Passwords {
  const password = () => randomBytes(24).toString('base64url') // needs no escaping in a URL
  const services = Object.fromEntries(serviceKeys.map((key) => [key, password()]))
  return { administrator: password(), services: services as Record<ServiceKey, string> }
}
