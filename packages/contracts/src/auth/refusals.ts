import * as z from 'zod'
import { defineNotFound, defineRefusal, withFields } from '../http/define-refusal.ts'

export const USER_NOT_FOUND = defineNotFound('USER')
export const EMAIL_TAKEN = defineRefusal('EMAIL_TAKEN', 409, 'an account with this address already exists')
export const INVALID_CREDENTIALS = defineRefusal(
  'INVALID_CREDENTIALS',
  401,
  'the address or the password is wrong',
)
export const WRONG_PASSWORD = defineRefusal(
  'INVALID_CREDENTIALS',
  401,
  'that is not the password of this account',
)
export const ADDRESS_NOT_CONFIRMED = defineRefusal(
  'EMAIL_NOT_VERIFIED',
  409,
  'this address is not confirmed yet',
)
export const LAST_ADMIN = defineRefusal(
  'LAST_ADMIN',
  409,
  'this is the last ADMIN: grant the role to another user first',
)

/** Why a refresh token is refused. */
export const refreshRefusals = {
  TOKEN_INVALID: defineRefusal('TOKEN_INVALID', 401, 'the refresh token is not valid'),
  TOKEN_EXPIRED: defineRefusal('TOKEN_EXPIRED', 401, 'the session has expired: sign in again'),
  TOKEN_REVOKED: defineRefusal('TOKEN_REVOKED', 401, 'the session has ended: sign in again'),
  TOKEN_REUSED: defineRefusal(
    'TOKEN_REUSED',
    401,
    'the refresh token was used before, so its session has been ended: sign in again',
  ),
}

const invalid = { valid: z.literal(false) }
/** Why an access token is refused. */
export const validationRefusals = {
  TOKEN_INVALID: withFields(defineRefusal('TOKEN_INVALID', 401, 'the access token is not valid'), invalid),
  TOKEN_EXPIRED: withFields(defineRefusal('TOKEN_EXPIRED', 401, 'the access token has expired'), invalid),
  TOKEN_REVOKED: withFields(defineRefusal('TOKEN_REVOKED', 401, 'the session has ended'), invalid),
}
