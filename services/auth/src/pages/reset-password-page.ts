import { page } from '@boxoffice/service-kit'
import { readMailedToken } from './mailed-token.ts'

const styles = `
      form { display: grid; gap: 1.1rem; max-width: 24rem; margin-top: 1.5rem }
      label { display: grid; gap: .3rem; font-weight: 600 }
      input { padding: .65rem .75rem; border: 1px solid var(--quiet); border-radius: .5rem; background: var(--paper); color: var(--ink); font: inherit }
      input:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px }
      form button { justify-self: start }`

/** Where the link of a reset mail leads: a form for the new password. */
export const resetPasswordPage = (nonce: string): string =>
  page({
    title: 'Choose a new password',
    nonce,
    styles,
    body: `
    <h1>Choose a new password</h1>
    <p id="explanation">8 characters or more. You will be signed out everywhere, and sign in again with the new one.</p>
    <form id="form">
      <label>New password
        <input id="password" type="password" autocomplete="new-password" minlength="8" maxlength="128" required>
      </label>
      <label>The same again
        <input id="repeated" type="password" autocomplete="new-password" maxlength="128" required>
      </label>
      <button id="save" type="submit">Set the new password</button>
    </form>
    <p id="outcome" role="status"></p>
    <noscript><p>This page needs JavaScript to set the password.</p></noscript>
    <script nonce="${nonce}">
      ${readMailedToken}
      const [form, password, repeated, save] = ['form', 'password', 'repeated', 'save'].map((id) => document.getElementById(id))
      const say = (text) => { document.getElementById('outcome').textContent = text }
      const end = (text) => {
        form.hidden = true
        document.getElementById('explanation').hidden = true
        say(text)
      }
      if (!token) end('This link is incomplete. Open it again from the mail, or copy all of it.')
      form.addEventListener('submit', async (event) => {
        event.preventDefault()
        if (password.value !== repeated.value) {
          repeated.focus()
          return say('The two are not the same: please type the new password again.')
        }
        save.disabled = true
        say('One moment …')
        const answer = await fetch('/api/auth/password/reset', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token, password: password.value }),
        }).catch(() => null)
        if (answer?.ok) return end('Your new password is set. You can close this page and sign in with it.')
        save.disabled = false
        const refusal = await answer?.json().catch(() => null)
        if (refusal?.error === 'TOKEN_EXPIRED') {
          return end('This link is older than 30 minutes, so it is no longer valid. Ask for a new one.')
        }
        if (refusal?.error === 'TOKEN_INVALID' || refusal?.details?.some(({ path }) => path === 'body.token')) {
          return end('This link is no longer valid: it, or another one that you were sent, was used before. Ask for a new one.')
        }
        if (answer?.status === 400) return say('That password cannot be used: it needs 8 to 128 characters.')
        say('That did not work just now. Your link is still good: please try again in a moment.')
      })
    </script>`,
  })
