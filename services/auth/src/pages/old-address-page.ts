import { authRoutes } from '@boxoffice/contracts'
import {
  codeMissing,
  type FormOutcome,
  type MailedPage,
  type SentForm,
  tokenOfForm,
} from '@boxoffice/service-kit'
import type { UndoChangeDeps } from '../address-change/undo-change.ts'
import { undoAddressChange } from '../address-change/undo-change.ts'

type Deps = UndoChangeDeps

const fields = `
      <label>New password
        <input name="password" type="password" autocomplete="new-password" minlength="8" maxlength="128"
          required>
      </label>
      <button>Take my account back</button>`

/** Where the link leads that an account's address of before is mailed when another takes its place. */
export const oldAddressPage = (deps: Deps): MailedPage => ({
  path: '/verify-email/undo',
  title: 'Take your account back',
  lead:
    'Your account has this address again, with a new password of yours. ' +
    'Everybody who is signed in is signed out.',
  fields,
  take: (sent) => undo(deps, sent),
})

async function undo(deps: Deps, sent: SentForm): Promise<FormOutcome> {
  const token = tokenOfForm(sent)
  if (token === '') return codeMissing
  const body = authRoutes.undoEmailChange.body.safeParse({ token, password: sent.password })
  if (!body.success)
    return { status: 400, text: 'That password cannot be used: it needs 8 to 128 characters.' }
  switch (await undoAddressChange(deps, token, body.data.password)) {
    case 'DONE':
      return {
        status: 200,
        done: true,
        text: 'Your account has this address again. You can close this page and sign in.',
      }
    case 'EMAIL_TAKEN':
      return {
        status: 409,
        done: true,
        text: 'There is another account with this address by now. Please write to us.',
      }
    case 'TOKEN_INVALID':
    case 'TOKEN_EXPIRED':
      return {
        status: 400,
        done: true,
        text: 'This link is no longer valid: it was used, or is older than seven days.',
      }
  }
}
