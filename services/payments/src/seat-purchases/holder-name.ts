import { type authInternalRoutes, cutLine } from '@boxoffice/contracts'
import {
  type Client,
  type Logger,
  ServiceUnavailable,
  UnexpectedAnswer,
  type UserPrincipal,
} from '@boxoffice/service-kit'

const NAME_MAX = 200
/** What a ticket can bear of a name. */
const cut = (name: string): string => cutLine(name, NAME_MAX)

/**
 * The name that a ticket bears when none is given: the user's own; their address while the auth service is
 * away, which stops no sale.
 */
export function createNaming(users: Client<typeof authInternalRoutes>, logger: Logger) {
  return async ({ userId, email }: UserPrincipal): Promise<string> => {
    try {
      const answer = await users.getUser({ params: { userId } })
      if (answer.status !== 200) return cut(email)
      return cut(`${answer.body.firstName} ${answer.body.lastName}`.trim() || email)
    } catch (error) {
      if (!(error instanceof ServiceUnavailable || error instanceof UnexpectedAnswer)) throw error
      logger.warn({ err: error }, "a user's name could not be asked for")
      return cut(email)
    }
  }
}
