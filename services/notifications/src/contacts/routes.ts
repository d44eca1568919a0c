import {
  type ContactOutcome,
  LINK_EXPIRED,
  LINK_INVALID,
  type notificationsRoutes,
} from '@boxoffice/contracts'
import { type Handlers, refuse } from '@boxoffice/service-kit'
import { type ContactDeps, settleContact } from './settle.ts'

type LinkRoutes = Pick<typeof notificationsRoutes, 'confirmOrderContact' | 'undoOrderContact'>

/** Who reads a mail about an order's address says what becomes of it: nobody is signed in. */
export const contactHandlers = (deps: ContactDeps): Handlers<LinkRoutes> => ({
  async confirmOrderContact({ body: { token, mine } }) {
    return answerOf(await settleContact(deps, mine === false ? 'DISOWN' : 'CONFIRM', token))
  },
  async undoOrderContact({ body: { token } }) {
    return answerOf(await settleContact(deps, 'UNDO', token))
  },
})

function answerOf(outcome: ContactOutcome) {
  if (outcome === 'DONE') return { status: 204 as const, body: undefined }
  if (outcome === 'EXPIRED') return refuse(LINK_EXPIRED)
  return refuse(LINK_INVALID)
}
