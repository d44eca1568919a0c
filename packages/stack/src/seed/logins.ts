import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { authRoutes, EventId, type Session } from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'
import { z } from 'zod'
import { confirmAddress } from './confirm-address.ts'
import { showNames } from './shows.ts'

const Login = z.object({ email: z.string(), password: z.string() })
export type Login = z.output<typeof Login>
/** The accounts and events of the seed, kept from one start to the next. */
const Remembered = z.object({
  organizer: Login,
  buyer: Login,
  events: z.partialRecord(z.enum(showNames), EventId).default({}),
})
type Remembered = z.output<typeof Remembered>

const people = {
  organizer: { firstName: 'Olga', lastName: 'Organizer' },
  buyer: { firstName: 'Ben', lastName: 'Buyer' },
} as const

/**
 * Signs in, with a new account if there is none. An address whose password was lost is replaced by another.
 */
export async function signIn(edgeUrl: string, login: Login, role: keyof typeof people): Promise<Session> {
  const auth = createClient(authRoutes, { baseUrl: edgeUrl })
  const known = await auth.login({ body: login })
  if (known.status === 200) return known.body
  const registered = await auth.register({ body: { ...login, ...people[role] } })
  if (registered.status === 409) {
    login.email = emailOf(role, `-${randomBytes(2).toString('hex')}`)
    return signIn(edgeUrl, login, role)
  }
  if (registered.status !== 201)
    throw new Error(`could not create an account for ${login.email}: ${registered.body.message}`)
  return registered.body
}

/** Signs in as an organizer, with an address confirmed through its mail, as every organizer's. */
export async function signInAsOrganizer(
  urls: { edgeUrl: string; mailsUrl: string },
  login: Login,
): Promise<Session> {
  // for a token with the current state of the account
  const again = () => signIn(urls.edgeUrl, login, 'organizer')
  let session = await again()
  if (!session.user.emailVerified) {
    await confirmAddress(urls, login)
    session = await again()
  }
  if (session.user.roles.includes('ORGANIZER')) return session
  const headers = { authorization: `Bearer ${session.accessToken}` }
  await createClient(authRoutes, { baseUrl: urls.edgeUrl, headers: () => headers }).becomeOrganizer({})
  return again()
}

const emailOf = (role: string, suffix = '') => `${role}${suffix}@boxoffice.example`
const createLogin = (role: string): Login => ({
  email: emailOf(role),
  password: randomBytes(9).toString('base64url'),
})
const fileOf = (folder: string) => path.join(folder, 'demo.json')

export function loadRemembered(folder: string): Remembered {
  if (!existsSync(fileOf(folder)))
    return { organizer: createLogin('organizer'), buyer: createLogin('buyer'), events: {} }
  return Remembered.parse(JSON.parse(readFileSync(fileOf(folder), 'utf8')))
}

export function saveRemembered(folder: string, remembered: Remembered): void {
  const file = fileOf(folder)
  writeFileSync(`${file}.new`, `${JSON.stringify(remembered, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
