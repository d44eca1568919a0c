import { expectStatus, type Person } from '../src/person.ts'
import type { TestSystem } from './start.ts'

/** Somebody follows the link of their first mail. */
export async function verifyAddress(running: TestSystem, person: Person): Promise<void> {
  const mail = await running.mails.waitFor(person.email, /confirm/i)
  const token = mail.body.text?.match(/\/verify-email\?token=([\w.~-]+)/)?.[1] ?? ''
  expectStatus(await person.auth.verifyEmail({ body: { token } }), 204)
}
