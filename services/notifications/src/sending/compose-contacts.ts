import type { ContactChangeId } from '@boxoffice/contracts'
import type { ContactLinkOf, ContactPurpose } from '../contacts/contact-token.ts'
import { orderContactChangedMail, orderContactEndedMail, orderContactMail } from '../mails/order-contact.ts'
import type { Peers } from '../peers/peers.ts'
import type { Ended } from './composition.ts'
import type { Loaders } from './content.ts'

/** Creates loaders of mails about an order's own address, with links for the reader of an address alone. */
export function createContactLoaders(deps: {
  peers: Pick<Peers, 'payments' | 'find'>
  contactLinkOf: ContactLinkOf
  now: () => Date
}): Loaders<'ORDER_CONTACT_REQUESTED' | 'ORDER_CONTACT_CHANGED'> {
  /** Returns why a link does not work; null if it works. */
  async function whyNot(
    purpose: ContactPurpose,
    changeId: ContactChangeId,
    until: Date,
  ): Promise<Ended | null> {
    if (until <= deps.now()) return { dropped: 'LINK_EXPIRED' }
    const answer = await deps.peers.payments.getContactChange({ params: { changeId } })
    const works =
      answer.status === 200 && (purpose === 'CONFIRM' ? answer.body.confirmable : answer.body.undoable)
    if (works) return null
    // The request's row stays: it shows that the order may have its own address.
    return purpose === 'CONFIRM' ? { dropped: 'LINK_EXPIRED' } : { obsolete: 'LINK_USED' }
  }

  return {
    async ORDER_CONTACT_REQUESTED({ changeId, orderNumber, expiresAt }, { reader }) {
      const ended = await whyNot('CONFIRM', changeId, expiresAt)
      if (ended) return ended
      const link = { reader, orderNumber, url: deps.contactLinkOf('CONFIRM', changeId), expiresAt }
      return { facts: {}, event: null, write: async () => ({ mail: orderContactMail(link) }) }
    },
    async ORDER_CONTACT_CHANGED({ changeId, orderNumber, undoUntil }, { reader, recipientId, address }) {
      if (undoUntil === null) {
        return {
          facts: {},
          event: null,
          write: async () => ({ mail: orderContactEndedMail({ reader, orderNumber }) }),
        }
      }
      // An unconfirmed account address cannot undo the change.
      const user = address === null && recipientId ? await deps.peers.find.user(recipientId) : null
      if (address === null && !user?.emailVerified) return { obsolete: 'NOT_PROVEN' }
      const ended = await whyNot('UNDO', changeId, undoUntil)
      if (ended) return ended
      const link = { reader, orderNumber, url: deps.contactLinkOf('UNDO', changeId), expiresAt: undoUntil }
      return { facts: {}, event: null, write: async () => ({ mail: orderContactChangedMail(link) }) }
    },
  }
}
