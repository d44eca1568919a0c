import { page } from '@boxoffice/service-kit'
import { readMailedToken } from './mailed-token.ts'

const styles = `
      #question { margin-top: 2.5rem; color: var(--quiet) }
      button.quiet { padding: 0; background: none; color: var(--accent); font-weight: 400; text-decoration: underline }`

/**
 * Where the link of a welcome mail leads. It asks for a press of a button: mail scanners follow links, and would use up
 * the token. Somebody else may have registered the address: whoever reads its mail can say so, and takes the account from them.
 */
export const verifyEmailPage = (nonce: string): string =>
  page({
    title: 'Confirm your e-mail address',
    nonce,
    styles,
    body: `
    <h1>Confirm your e-mail address</h1>
    <p id="explanation">One press, and the address you registered with is confirmed as yours.</p>
    <button id="confirm" type="button">Confirm my address</button>
    <p id="question">You did not make this account, or the name in the mail is not yours? <button id="disown" class="quiet" type="button">That was not me</button></p>
    <p id="outcome" role="status"></p>
    <noscript><p>This page needs JavaScript to confirm the address.</p></noscript>
    <script nonce="${nonce}">
      ${readMailedToken}
      const [confirm, disown, outcome] = ['confirm', 'disown', 'outcome'].map((id) => document.getElementById(id))
      const say = (text) => { outcome.textContent = text }
      const end = (text) => {
        for (const id of ['explanation', 'confirm', 'question']) document.getElementById(id).hidden = true
        say(text)
      }
      if (!token) end('This link is incomplete. Open it again from the mail, or copy all of it.')
      const answer = async (mine, thanks) => {
        confirm.disabled = disown.disabled = true
        say('One moment …')
        const answer = await fetch('/api/auth/verify-email', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token, mine }),
        }).catch(() => null)
        if (answer?.ok) return end(thanks)
        if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
          return end('This link is no longer valid: it is older than 30 minutes, or incomplete. Ask for a new one.')
        }
        confirm.disabled = disown.disabled = false
        say('That did not work just now. Your link is still good: please try again in a moment.')
      }
      confirm.addEventListener('click', () => answer(true, 'Thank you: your address is confirmed. You can close this page.'))
      disown.addEventListener('click', () => answer(false,
        'Thank you: whoever made the account is signed out, and their password is gone. If you want the account, ask for a new password when you sign in.'))
    </script>`,
  })
