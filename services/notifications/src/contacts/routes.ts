import {
  type ContactOutcome,
  LINK_EXPIRED,
  LINK_INVALID,
  type notificationsRoutes,
} from '@boxoffice/contracts'
import { type Handlers, refuse } from '@boxoffice/service-kit'
import { type ContactDeps, resolveContactChange } from './resolve-change.ts'

type LinkRoutes = Pick<typeof notificationsRoutes, 'confirmOrderContact' | 'undoOrderContact'>

/** Confirms or undoes an order's address change. The token of the mail authorizes it, without a session. */
export const contactHandlers = (deps: ContactDeps): Handlers<LinkRoutes> => ({
  async confirmOrderContact({ body: { token, mine } }) {
    return answerOf(await resolveContactChange(deps, mine === false ? 'DISOWN' : 'CONFIRM', token))
  },
  async undoOrderContact({ body: { token } }) {
    return answerOf(await resolveContactChange(deps, 'UNDO', token))
  },
})

function answerOf(outcome: ContactOutcome) {
  if (outcome === 'DONE') return { status: 204 as const, body: undefined }
  if (outcome === 'EXPIRED') return refuse(LINK_EXPIRED)
  return refuse(LINK_INVALID)
}
