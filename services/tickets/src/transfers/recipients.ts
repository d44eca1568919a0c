import type { authInternalRoutes, UserId } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit'

export type AuthClient = Pick<Client<typeof authInternalRoutes>, 'getUserByEmail' | 'getUser'>

/** Somebody who has confirmed that an address is theirs. */
export interface Recipient {
  readonly userId: UserId
  readonly email: string
}

/** What the auth service says of people. Both reject with ServiceUnavailable when it is unavailable. */
export interface Recipients {
  /** Who has confirmed an address; null when nobody has. */
  findConfirmed(email: string): Promise<Recipient | null>
  /** What a user is called; null where there is none. */
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
