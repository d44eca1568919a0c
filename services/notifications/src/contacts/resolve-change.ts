import type { ContactOutcome } from '@boxoffice/contracts'
import type { Peers } from '../peers/peers.ts'
import type { ContactTokens } from './contact-token.ts'

export interface ContactDeps {
  contactTokens: ContactTokens
  peers: Pick<Peers, 'payments'>
}

/**
 * Confirms, disowns or undoes an order's address change by the token of a mailed link. Rejects with
 * ServiceUnavailable while the payment service, which keeps the address, is down.
 */
export async function resolveContactChange(
  { peers, contactTokens }: ContactDeps,
  act: 'CONFIRM' | 'DISOWN' | 'UNDO',
  token: string,
): Promise<ContactOutcome> {
  const changeId = contactTokens.read(act === 'UNDO' ? 'UNDO' : 'CONFIRM', token)
  if (!changeId) return 'INVALID'
  const { body } = await peers.payments.settleContactChange({ params: { changeId }, body: { act } })
  return body.outcome
}
