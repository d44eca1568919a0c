import { Email } from '@boxoffice/contracts'
import {
  codeMissing,
  type FormOutcome,
  type MailedPage,
  type SentForm,
  tokenOfForm,
} from '@boxoffice/service-kit'
import type { ClaimTicket } from './claim.ts'
import type { Recipients } from './recipients.ts'

interface Deps {
  claimTicket: ClaimTicket
  recipients: Recipients
}

const fields = `
      <label>The e-mail address of your Boxoffice account
        <input name="email" type="email" autocomplete="email" maxlength="254" required>
      </label>
      <button>Take the ticket</button>
      <p class="question">No account yet? Make one, confirm its address, and come back: this link stays good until then.</p>`

/**
 * Where the link of an offered ticket leads. Who has its secret reads the mail, and says which account the
 * ticket goes to: one whose address is confirmed, so that nobody else has it.
 */
export const claimPage = (deps: Deps): MailedPage => ({
  path: '/claim-ticket',
  title: 'Take your ticket',
  lead: 'Somebody wants to give you a ticket. It comes by mail as soon as you take it.',
  fields,
  take: (sent) => take(deps, sent),
})

async function take({ claimTicket, recipients }: Deps, sent: SentForm): Promise<FormOutcome> {
  const token = tokenOfForm(sent)
  if (token === '') return codeMissing
  const email = Email.safeParse(sent.email?.trim())
  if (!email.success) return { status: 400, text: 'That is no e-mail address.' }
  const result = await claimTicket(token, () => recipients.findConfirmed(email.data))
  switch (result.outcome) {
    case 'claimed':
      return {
        status: 200,
        done: true,
        text: `The ticket is yours: ${result.ticket.ticketNumber}. It comes by mail.`,
      }
    case 'nobody':
      return {
        status: 409,
        text: 'There is no account whose address this is and is confirmed. Make one, or confirm it, first.',
      }
    case 'unknown':
      return {
        status: 404,
        done: true,
        text: 'This link is not valid. Open it again from the mail, or copy all of it.',
      }
    case 'refused':
      return {
        status: 409,
        done: true,
        text: `${result.message.charAt(0).toUpperCase()}${result.message.slice(1)}.`,
      }
  }
}
