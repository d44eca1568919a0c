import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { z } from 'zod'
import { loadCompleted } from '../private-file.ts'

const Password = z.string().min(1)
const Stored = z.object({ administrator: Password, services: z.partialRecord(z.enum(serviceKeys), Password) })
/** Of PostgreSQL: the administrator's, and one for each service's role. */
export interface Passwords {
  administrator: string
  services: Record<ServiceKey, string>
}

/**
 * The database passwords of `folder`, made the first time; nobody else may read the file. A service that was
 * not there then gets one; those that are there stay.
 */
export function loadPasswords(folder: string): Passwords {
  return loadCompleted(path.join(folder, 'passwords.json'), Stored, (there) => {
    const fresh = createPasswords()
    return { ...fresh, ...there, services: { ...fresh.services, ...there?.services } }
  })
}

export function createPasswords(): Passwords {
  const password = () => randomBytes(24).toString('base64url') // stands in a URL as it is
  const services = Object.fromEntries(serviceKeys.map((key) => [key, password()]))
  return { administrator: password(), services: services as Record<ServiceKey, string> }
}
