import type { authInternalRoutes, UserId } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit'

export type AuthClient = Pick<Client<typeof authInternalRoutes>, 'getUserByEmail'>

/** Somebody who has confirmed that an address is theirs. */
export interface Recipient {
  readonly userId: UserId
  readonly email: string
}

/** Finds who has confirmed an address; null when nobody has. Rejects with ServiceUnavailable. */
export function createRecipients({ auth }: { auth: AuthClient }) {
  return async (email: string): Promise<Recipient | null> => {
    const answer = await auth.getUserByEmail({ body: { email } })
    return answer.status === 200 && answer.body.emailVerified ? { userId: answer.body.userId, email } : null
  }
}
export type FindRecipient = ReturnType<typeof createRecipients>
