import { toUser } from '../users/user.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { SignedIn } from './session.ts'

export interface AnswerDeps {
  accessTokens: AccessTokens
}

/** Answers a session: the user, an access token and the refresh token. Not cacheable. */
export async function answerSession<S extends 200 | 201>(
  { accessTokens }: AnswerDeps,
  status: S,
  { user, sessionId, refreshToken }: SignedIn,
) {
  const body = { user: toUser(user), refreshToken, ...(await accessTokens.issue(user, sessionId)) }
  return { status, body, headers: { 'cache-control': 'no-store' } }
}
