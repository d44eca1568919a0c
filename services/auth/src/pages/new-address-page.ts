import {
  codeMissing,
  type FormOutcome,
  type MailedPage,
  type SentForm,
  tokenOfForm,
} from '@boxoffice/service-kit'
import type { ConfirmChangeDeps } from '../address-change/confirm-change.ts'
import { confirmAddressChange, disownAddressChange } from '../address-change/confirm-change.ts'

type Deps = ConfirmChangeDeps

const fields = `
      <label>Password of the account
        <input name="password" type="password" autocomplete="current-password" maxlength="128" required>
      </label>
      <button name="act" value="confirm">Use this address</button>
      <p class="question">You did not ask for this?
        <button name="act" value="disown" class="quiet" formnovalidate>That was not me</button></p>`

/** Where the link leads that is mailed to an account's new address. */
export const newAddressPage = (deps: Deps): MailedPage => ({
  path: '/verify-email/new',
  title: 'Use this address for your account',
  lead:
    'Your password, and your account has this address. You are signed out everywhere, ' +
    'and sign in again with it.',
  fields,
  take: (sent, ip) => (sent.act === 'disown' ? disown(deps, sent) : confirm(deps, sent, ip)),
})

const ended: FormOutcome = {
  status: 400,
  done: true,
  text:
    'This link is no longer valid: it was used, is older than 30 minutes, or incomplete. ' +
    'Ask for a new one.',
}

async function confirm(deps: Deps, sent: SentForm, ip: string): Promise<FormOutcome> {
  const token = tokenOfForm(sent)
  if (token === '') return codeMissing
  const confirmed = await confirmAddressChange(deps, {
    token,
    password: (sent.password ?? '').slice(0, 128),
    ip,
  })
  if (typeof confirmed === 'object')
    return { status: 429, text: 'Too many attempts: please try again in some minutes.' }
  switch (confirmed) {
    case 'DONE':
      return {
        status: 200,
        done: true,
        text: 'Thank you: your account has this address. You can close this page and sign in.',
      }
    case 'WRONG_PASSWORD':
      return { status: 401, text: 'That is not the password of this account.' }
    case 'EMAIL_TAKEN':
      return { status: 409, done: true, text: 'There is an account with this address already.' }
    case 'TOKEN_INVALID':
    case 'TOKEN_EXPIRED':
      return ended
  }
}

async function disown(deps: Deps, sent: SentForm): Promise<FormOutcome> {
  const token = tokenOfForm(sent)
  if (token === '') return codeMissing
  if ((await disownAddressChange(deps, token)) !== 'DONE') return ended
  return { status: 200, done: true, text: 'Thank you: this address is not used.' }
}
