import { type authInternalRoutes, cutLine } from '@boxoffice/contracts'
import {
  type Client,
  type Logger,
  ServiceUnavailable,
  UnexpectedAnswer,
  type UserPrincipal,
} from '@boxoffice/service-kit'

const NAME_MAX = 200
/** Cuts a name to what a ticket can hold. */
const cut = (name: string): string => cutLine(name, NAME_MAX)

/**
 * Returns the name for a ticket if the buyer gave none: the user's own, or their address while the auth
 * service is unavailable, which must not stop a sale.
 */
export function createNaming(users: Client<typeof authInternalRoutes>, logger: Logger) {
  return async ({ userId, email }: UserPrincipal): Promise<string> => {
    try {
      const answer = await users.getUser({ params: { userId } })
      if (answer.status !== 200) return cut(email)
      return cut(`${answer.body.firstName} ${answer.body.lastName}`.trim() || email)
    } catch (error) {
      if (!(error instanceof ServiceUnavailable || error instanceof UnexpectedAnswer)) throw error
      logger.warn({ err: error }, "looking up a user's name failed")
      return cut(email)
    }
  }
}
