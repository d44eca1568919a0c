import {
  type authRoutes,
  EMAIL_TAKEN,
  LINK_EXPIRED,
  LINK_INVALID,
  WRONG_PASSWORD,
} from '@boxoffice/contracts'
import { type Handlers, networkOf, refuse } from '@boxoffice/service-kit'
import { countAttempt } from '../limits/attempt-repository.ts'
import { tooManyAttempts } from '../limits/limits.ts'
import { confirmAddressChange, disownAddressChange } from './confirm-change.ts'
import type { RequestChangeDeps } from './request-change.ts'
import { requestAddressChange } from './request-change.ts'
import type { UndoChangeDeps } from './undo-change.ts'
import { undoAddressChange } from './undo-change.ts'

type Deps = RequestChangeDeps & UndoChangeDeps

type ChangeRoutes = Pick<typeof authRoutes, 'changeEmail' | 'confirmEmailChange' | 'undoEmailChange'>

const done = { status: 204 as const, body: undefined }
const taken = () => refuse(EMAIL_TAKEN)
const wrong = () => refuse(WRONG_PASSWORD)
const expired = () => refuse(LINK_EXPIRED)
const invalid = () => refuse(LINK_INVALID)

export function addressChangeHandlers(deps: Deps): Handlers<ChangeRoutes> {
  return {
    async changeEmail({ body, principal, ip }) {
      const now = deps.now()
      const counted = { kind: 'MAIL_FROM_NETWORK', subject: networkOf(ip) } as const
      const blocked = await countAttempt(deps.db, deps.config.limits, counted, now)
      if (blocked) return tooManyAttempts(blocked, now)
      const { email: newEmail, password } = body
      const requested = await requestAddressChange(deps, { userId: principal.userId, newEmail, password, ip })
      if (typeof requested === 'object') return tooManyAttempts(requested.blockedUntil, now)
      if (requested === 'WRONG_PASSWORD') return wrong()
      if (requested === 'EMAIL_TAKEN') return taken()
      if (requested === 'TOO_MANY')
        return tooManyAttempts(new Date(now.getTime() + deps.config.mails.intervalMs), now)
      return { status: 202, body: undefined }
    },
    async confirmEmailChange({ body: { token, password, mine }, ip }) {
      const confirmed =
        mine === false
          ? await disownAddressChange(deps, token)
          : await confirmAddressChange(deps, { token, password: password ?? '', ip })
      if (typeof confirmed === 'object') return tooManyAttempts(confirmed.blockedUntil, deps.now())
      return {
        DONE: () => done,
        WRONG_PASSWORD: wrong,
        EMAIL_TAKEN: taken,
        TOKEN_EXPIRED: expired,
        TOKEN_INVALID: invalid,
      }[confirmed]()
    },
    async undoEmailChange({ body }) {
      const undone = await undoAddressChange(deps, body.token, body.password)
      return { DONE: () => done, EMAIL_TAKEN: taken, TOKEN_EXPIRED: expired, TOKEN_INVALID: invalid }[
        undone
      ]()
    },
  }
}
