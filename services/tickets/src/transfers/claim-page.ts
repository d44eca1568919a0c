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
      <p class="question">No account yet? Create one, confirm its address, and come back:
        this link stays valid until then.</p>`

/**
 * The page behind the link in the mail about an offered ticket. The holder of its secret reads that mail, and
 * names the account for the ticket; its address must be confirmed.
 */
export const claimPage = (deps: Deps): MailedPage => ({
  path: '/claim-ticket',
  title: 'Claim your ticket',
  lead: 'You have been offered a ticket. You get it by mail as soon as you claim it.',
  fields,
  take: (sent) => take(deps, sent),
})

async function take({ claimTicket, recipients }: Deps, sent: SentForm): Promise<FormOutcome> {
  const token = tokenOfForm(sent)
  if (token === '') return codeMissing
  const email = Email.safeParse(sent.email?.trim())
  if (!email.success) return { status: 400, text: 'That is not an e-mail address.' }
  const result = await claimTicket(token, () => recipients.findConfirmed(email.data))
  switch (result.outcome) {
    case 'claimed':
      return {
        status: 200,
        done: true,
        text: `The ticket is yours: ${result.ticket.ticketNumber}. You will get it by mail.`,
      }
    case 'no-recipient':
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
