import { page } from '../pages/page.ts'

/** Where the link of a welcome mail leads. It asks for a press of a button: mail scanners follow links, and would use up the token. */
export const verifyEmailPage = (nonce: string): string =>
  page({
    title: 'Confirm your e-mail address',
    nonce,
    body: `
    <h1>Confirm your e-mail address</h1>
    <p id="explanation">One press, and the address you registered with is confirmed as yours.</p>
    <button id="confirm" type="button">Confirm my address</button>
    <p id="outcome" role="status"></p>
    <noscript><p>This page needs JavaScript to confirm the address.</p></noscript>
    <script nonce="${nonce}">
      const token = new URLSearchParams(location.search).get('token')
      const button = document.getElementById('confirm')
      const outcome = document.getElementById('outcome')
      const say = (text) => { outcome.textContent = text }
      if (!token) {
        button.hidden = true
        say('This link is incomplete. Open it again from the mail, or copy all of it.')
      }
      button.addEventListener('click', async () => {
        button.disabled = true
        say('One moment …')
        const answer = await fetch('/api/auth/verify-email', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token }),
        }).catch(() => null)
        if (answer?.ok) {
          button.hidden = true
          document.getElementById('explanation').hidden = true
          return say('Thank you: your address is confirmed. You can close this page.')
        }
        if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
          button.hidden = true
          return say('This link is no longer valid: it was used before, or it is older than 30 minutes. Ask for a new one.')
        }
        button.disabled = false
        say('That did not work just now. Your link is still good: please try again in a moment.')
      })
    </script>`,
  })
