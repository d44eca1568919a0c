import { authRoutes } from '@boxoffice/contracts'
import {
  codeMissing,
  type FormOutcome,
  type MailedPage,
  type SentForm,
  tokenOfForm,
} from '@boxoffice/service-kit'
import type { ResetPasswordDeps } from '../recovery/reset-password.ts'
import { resetPassword } from '../recovery/reset-password.ts'

type Deps = ResetPasswordDeps

const fields = `
      <label>New password
        <input name="password" type="password" autocomplete="new-password" minlength="8" maxlength="128"
          required>
      </label>
      <label>The same again
        <input name="repeated" type="password" autocomplete="new-password" maxlength="128" required>
      </label>
      <button>Set the new password</button>`

/** Where the link of a reset mail leads: a form for the new password. */
export const resetPasswordPage = (deps: Deps): MailedPage => ({
  path: '/reset-password',
  title: 'Choose a new password',
  lead: '8 characters or more. You will be signed out everywhere, and sign in again with the new one.',
  fields,
  take: (sent) => setPassword(deps, sent),
})

const ended = (text: string): FormOutcome => ({ status: 400, done: true, text: `${text} Ask for a new one.` })

async function setPassword(deps: Deps, sent: SentForm): Promise<FormOutcome> {
  const token = tokenOfForm(sent)
  if (token === '') return codeMissing
  if (sent.password !== sent.repeated) {
    return { status: 400, text: 'The two are not the same: please type the new password again.' }
  }
  const reset = authRoutes.resetPassword.body.safeParse({ token, password: sent.password })
  if (!reset.success)
    return { status: 400, text: 'That password cannot be used: it needs 8 to 128 characters.' }
  switch (await resetPassword(deps, token, reset.data.password)) {
    case 'DONE':
      return {
        status: 200,
        done: true,
        text: 'Your new password is set. You can close this page and sign in with it.',
      }
    case 'TOKEN_EXPIRED':
      return ended('This link is older than 30 minutes, so it is no longer valid.')
    case 'TOKEN_INVALID':
      return ended('This link is no longer valid: it, or another one that you were sent, was used before.')
  }
}
