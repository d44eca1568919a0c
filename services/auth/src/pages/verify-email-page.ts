import { Confirmation } from '@boxoffice/contracts'
import {
  codeMissing,
  type FormOutcome,
  type MailedPage,
  type SentForm,
  tokenOfForm,
} from '@boxoffice/service-kit'
import type { RoutesDeps } from '../accounts/routes.ts'
import { confirm } from '../accounts/routes.ts'

type Deps = RoutesDeps

const fields = `
      <label>Password
        <input name="password" type="password" autocomplete="current-password" maxlength="128" required>
      </label>
      <label class="choice"><input name="new" type="checkbox" value="yes">
        I do not know the password of this account: make this my new one (8 characters or more)</label>
      <button name="act" value="confirm">Confirm my address</button>
      <p class="question">You did not make this account, and do not want it?
        <button name="act" value="disown" class="quiet" formnovalidate>That was not me</button></p>`

/**
 * Where the link of a welcome mail leads. It asks for a press of a button: mail scanners follow links, and
 * would use up the token. It asks for a password: a stranger may have registered the address, and would
 * share the account of the person who confirms it.
 */
export const verifyEmailPage = (deps: Deps): MailedPage => ({
  path: '/verify-email',
  title: 'Confirm your e-mail address',
  lead:
    'Your password, and the address is confirmed as yours. You are signed out everywhere, ' +
    'and sign in again.',
  fields,
  take: (sent, ip) => (sent.act === 'disown' ? disown(deps, sent, ip) : confirmIt(deps, sent, ip)),
})

const ended: FormOutcome = {
  status: 400,
  done: true,
  text:
    'This link is no longer valid: it was used, is older than 30 minutes, or incomplete. ' +
    'Ask for a new one.',
}

async function confirmIt(deps: Deps, sent: SentForm, ip: string): Promise<FormOutcome> {
  const token = tokenOfForm(sent)
  if (token === '') return codeMissing
  const { password } = sent
  const confirmation = Confirmation.safeParse({
    token,
    ...(sent.new === 'yes' ? { newPassword: password } : { password }),
  })
  if (!confirmation.success)
    return { status: 400, text: 'That password cannot be used: it needs 8 to 128 characters.' }
  const confirmed = await confirm(deps, confirmation.data, ip)
  if (typeof confirmed === 'object')
    return { status: 429, text: 'Too many attempts: please try again in some minutes.' }
  if (confirmed === 'WRONG_PASSWORD') {
    const text =
      'That is not the password of this account. If you do not know it, tick the box, ' +
      'and it becomes your new one.'
    return { status: 401, text }
  }
  if (confirmed !== 'DONE') return ended
  return {
    status: 200,
    done: true,
    text: 'Thank you: your address is confirmed. You can close this page and sign in.',
  }
}

async function disown(deps: Deps, sent: SentForm, ip: string): Promise<FormOutcome> {
  const token = tokenOfForm(sent)
  if (token === '') return codeMissing
  if ((await confirm(deps, { token, mine: false }, ip)) !== 'DONE') return ended
  const text =
    'Thank you: the person who made the account is signed out, and their password is gone. ' +
    'If you want the account, ask for a new password when you sign in.'
  return { status: 200, done: true, text }
}
