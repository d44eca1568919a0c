import {
  codeMissing,
  type FormOutcome,
  type MailedPage,
  type SentForm,
  ServiceUnavailable,
  tokenOfForm,
} from '@boxoffice/service-kit'
import { type ContactDeps, resolveContactChange } from './resolve-change.ts'

const ended: FormOutcome = {
  status: 400,
  done: true,
  text:
    'This link is no longer valid: it was used, has expired, or is incomplete. ' +
    'The buyer of the tickets can ask for a new one.',
}
const unavailable: FormOutcome = {
  status: 503,
  text: 'Orders cannot be changed right now. Try again in a minute.',
}

async function take(
  deps: ContactDeps,
  sent: SentForm,
  act: 'CONFIRM' | 'DISOWN' | 'UNDO',
  done: string,
): Promise<FormOutcome> {
  const token = tokenOfForm(sent)
  if (token === '') return codeMissing
  try {
    return (await resolveContactChange(deps, act, token)) === 'DONE'
      ? { status: 200, done: true, text: done }
      : ended
  } catch (error) {
    if (error instanceof ServiceUnavailable) return unavailable
    throw error
  }
}

/** The page for the link that is mailed to an order's new address. */
export const orderContactPage = (deps: ContactDeps): MailedPage => ({
  path: '/order/contact',
  title: 'Get the mails of this order here',
  lead:
    'One press, and all mails about the order come to the address that you had this link at, ' +
    'its tickets among them.',
  fields: `
      <button name="act" value="confirm">Send them here</button>
      <p class="question">You did not buy these tickets?
        <button name="act" value="disown" class="quiet">That was not me</button></p>`,
  take: (sent) =>
    sent.act === 'disown'
      ? take(deps, sent, 'DISOWN', 'Thank you: nothing about that order comes here.')
      : take(
          deps,
          sent,
          'CONFIRM',
          'Thank you: the mails of the order come here from now on. You can close this page.',
        ),
})

/** The page for the link that is mailed to an order's previous address. */
export const oldContactPage = (deps: ContactDeps): MailedPage => ({
  path: '/order/contact/undo',
  title: 'Get the mails of this order here again',
  lead: 'One press, and the mails about the order come to this address again, and to no other.',
  fields: `
      <button>Send them here again</button>`,
  take: (sent) =>
    take(deps, sent, 'UNDO', 'Done: the mails of the order come here again. You can close this page.'),
})
