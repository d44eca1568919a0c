import type { authInternalRoutes, UserId } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit'

export type AuthClient = Pick<Client<typeof authInternalRoutes>, 'getUserByEmail' | 'getUser'>

/** A user who has confirmed a mail address. */
export interface Recipient {
  readonly userId: UserId
  readonly email: string
}

/** Looks up users in the auth service. Both reject with ServiceUnavailable when it is unavailable. */
export interface Recipients {
  /** Returns the user who has confirmed an address; null if there is none. */
  findConfirmed(email: string): Promise<Recipient | null>
  /** Returns a user's name; null for an unknown user. */
  findName(userId: UserId): Promise<string | null>
}

export const createRecipients = ({ auth }: { auth: AuthClient }): Recipients => ({
  async findConfirmed(email) {
    const answer = await auth.getUserByEmail({ body: { email } })
    return answer.status === 200 && answer.body.emailVerified ? { userId: answer.body.userId, email } : null
  },
  async findName(userId) {
    const answer = await auth.getUser({ params: { userId } })
    return answer.status === 200 ? `${answer.body.firstName} ${answer.body.lastName}`.trim() : null
  },
})
