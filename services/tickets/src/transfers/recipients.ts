import type { authInternalRoutes, UserId } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit'

export type AuthClient = Pick<Client<typeof authInternalRoutes>, 'getUserByEmail'>

/** Somebody who has confirmed that an address is theirs. */
export interface Recipient {
  readonly userId: UserId
  readonly email: string
}

/** What the auth service says of addresses. Both reject with ServiceUnavailable when it cannot be had. */
export interface Recipients {
  /** Who has confirmed an address; null when nobody has. */
  findConfirmed(email: string): Promise<Recipient | null>
  /** What whoever has an address is called; null when nobody has it. */
  findName(email: string): Promise<string | null>
}

export function createRecipients({ auth }: { auth: AuthClient }): Recipients {
  const find = async (email: string) => {
    const answer = await auth.getUserByEmail({ body: { email } })
    return answer.status === 200 ? answer.body : null
  }
  return {
    async findConfirmed(email) {
      const user = await find(email)
      return user?.emailVerified ? { userId: user.userId, email } : null
    },
    async findName(email) {
      const user = await find(email)
      return user && `${user.firstName} ${user.lastName}`.trim()
    },
  }
}
