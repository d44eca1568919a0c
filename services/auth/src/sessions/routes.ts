import {
  type authInternalRoutes,
  type authRoutes,
  INVALID_CREDENTIALS,
  refreshRefusals,
  validationRefusals,
} from '@boxoffice/contracts'
import { type Handlers, networkOf, type Revocations, refuse, verifyAccessToken } from '@boxoffice/service-kit'
import { errors } from 'jose'
import type { Config } from '../config.ts'
import { tooManyAttempts } from '../limits/limits.ts'
import type { AnswerDeps } from './answer.ts'
import { answerSession } from './answer.ts'
import { endSession, refresh } from './session.ts'
import type { SignInDeps } from './sign-in.ts'
import { signIn } from './sign-in.ts'

type Deps = SignInDeps &
  AnswerDeps & {
    config: Config
    revocations: Pick<Revocations, 'isRevoked'>
  }

type SessionRoutes = Pick<typeof authRoutes, 'login' | 'refresh' | 'logout' | 'getJwks'>

const JWKS_CACHED = { 'cache-control': 'public, max-age=300' } as const

export function sessionHandlers(deps: Deps): Handlers<SessionRoutes> {
  return {
    async login({ body, ip }) {
      const result = await signIn(deps, { ...body, ip })
      if ('blockedUntil' in result) return tooManyAttempts(result.blockedUntil, deps.now())
      if ('wrong' in result) return refuse(INVALID_CREDENTIALS)
      return answerSession(deps, 200, result)
    },
    async refresh({ body, ip, log }) {
      const refreshed = await refresh(deps, body.refreshToken, networkOf(ip))
      if ('refused' in refreshed) {
        if (refreshed.refused === 'TOKEN_REUSED') log.warn('refresh token was reused, its session was ended')
        return refuse(refreshRefusals[refreshed.refused])
      }
      return answerSession(deps, 200, refreshed)
    },
    async logout({ body }) {
      await endSession(deps, body.refreshToken)
      return { status: 204, body: undefined }
    },
    getJwks: async () => ({
      status: 200,
      body: { keys: [...deps.accessTokens.jwks.keys] },
      headers: JWKS_CACHED,
    }),
  }
}

export function sessionInternalHandlers(
  deps: Deps,
): Handlers<Pick<typeof authInternalRoutes, 'validateToken'>> {
  const { accessTokens, config } = deps
  return {
    async validateToken({ body }) {
      try {
        const principal = await verifyAccessToken(body.token, accessTokens.keys, config.tokenIssuer, deps.now)
        const { userId, email, roles, expiresAt, sessionId } = principal
        if (await deps.revocations.isRevoked(sessionId)) {
          return refuse(validationRefusals.TOKEN_REVOKED, { valid: false })
        }
        return { status: 200, body: { valid: true, userId, email, roles: [...roles], expiresAt } }
      } catch (error) {
        if (error instanceof errors.JWTExpired)
          return refuse(validationRefusals.TOKEN_EXPIRED, { valid: false })
        return refuse(validationRefusals.TOKEN_INVALID, { valid: false })
      }
    },
  }
}
