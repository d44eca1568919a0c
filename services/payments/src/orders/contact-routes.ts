import {
  CONTACT_CHANGE_NOT_FOUND,
  type paymentsContactRoutes,
  type paymentsRoutes,
} from '@boxoffice/contracts'
import { type Handlers, refuse } from '@boxoffice/service-kit'
import { toContract } from './answers.ts'
import { type ContactDeps, clearContact, requestContact } from './contact.ts'
import { applyContactLink, type ContactLinkDeps, objectionTo } from './contact-links.ts'
import { findContactChange } from './contact-repository.ts'

export type ContactRoutes = Pick<typeof paymentsRoutes, 'setOrderContact' | 'clearOrderContact'>

/** Handlers for the contact address of the caller's own order. */
export const contactHandlers = (deps: ContactDeps): Handlers<ContactRoutes> => ({
  async setOrderContact({ params: { orderId }, body: { email }, principal: { userId } }) {
    return { status: 202, body: toContract(await requestContact(deps, { orderId, userId, email })) }
  },
  async clearOrderContact({ params: { orderId }, principal: { userId } }) {
    return { status: 200, body: toContract(await clearContact(deps, { orderId, userId })) }
  },
})

/** Handlers for the links in mails about it. */
export const contactLinkHandlers = (deps: ContactLinkDeps): Handlers<typeof paymentsContactRoutes> => ({
  async getContactChange({ params: { changeId } }) {
    const change = await findContactChange(deps.db, changeId)
    if (!change) return refuse(CONTACT_CHANGE_NOT_FOUND)
    const now = deps.now()
    return {
      status: 200,
      body: {
        confirmable: !change.confirmedAt && objectionTo(change, 'CONFIRM', now) === null,
        undoable: objectionTo(change, 'UNDO', now) === null,
      },
    }
  },
  async settleContactChange({ params: { changeId }, body: { act } }) {
    return { status: 200, body: { outcome: await applyContactLink(deps, changeId, act) } }
  },
})
