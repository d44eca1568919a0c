import { toUser } from '../accounts/user.ts'
import type { Dependencies } from '../dependencies.ts'
import type { SignedIn } from './session.ts'

/** What a client gets of a session: the user, an access token and the refresh token. No cache on the way may keep it. */
export async function answerSession<S extends 200 | 201>(
  { accessTokens }: Pick<Dependencies, 'accessTokens'>,
  status: S,
  { user, sessionId, refreshToken }: SignedIn,
) {
  const body = { user: toUser(user), refreshToken, ...(await accessTokens.issue(user, sessionId)) }
  return { status, body, headers: { 'cache-control': 'no-store' } }
}
