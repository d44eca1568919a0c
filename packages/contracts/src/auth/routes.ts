import * as z from 'zod'
import { defineRoute, Empty } from '../http/define-route.ts'
import {
  EMAIL_NOT_VERIFIED,
  LINK_EXPIRED,
  LINK_INVALID,
  RATE_LIMITED,
  VALIDATION_FAILED,
} from '../http/refusals.ts'
import { Email, KeptEmail } from '../values/email.ts'
import { UserId } from '../values/ids.ts'
import { Phone, TypedPhone } from '../values/phone.ts'
import { plainName } from '../values/plain-name.ts'
import { Country, Instant, Locale } from '../values/text.ts'
import { EMAIL_TAKEN, INVALID_CREDENTIALS, refreshRefusals, WRONG_PASSWORD } from './refusals.ts'

export const Role = z.enum(['USER', 'ORGANIZER', 'ADMIN'])
export type Role = z.output<typeof Role>

const Password = z.string().min(8).max(128)
const Secret = z.string().min(1).max(512)
const phoneCountry = Country.optional().meta({
  description: 'the country of a number in national format',
})

export const User = z.object({
  userId: UserId,
  email: KeptEmail,
  firstName: z.string(),
  lastName: z.string().meta({ description: 'empty for a user with one name' }),
  phone: Phone.optional(),
  locale: Locale,
  emailVerified: z.boolean(),
  roles: z.array(Role),
  createdAt: Instant,
})
export type User = z.output<typeof User>

export const Session = z.object({
  user: User,
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresIn: z.int().meta({ description: 'seconds until the access token ends' }),
})
export type Session = z.output<typeof Session>

export const Registration = z.strictObject({
  email: Email,
  password: Password,
  firstName: plainName(100),
  lastName: plainName(100).optional().meta({ description: 'leave out for a user with one name' }),
  phone: TypedPhone.optional(),
  phoneCountry,
  locale: Locale.optional(),
})
export type Registration = z.output<typeof Registration>

/**
 * A token proves who reads the mail, not who created the account: so the account's password, or a new one,
 * must come with it.
 */
export const Confirmation = z
  .strictObject({
    token: Secret,
    password: z.string().min(1).max(128).optional().meta({ description: "the account's password" }),
    newPassword: Password.optional().meta({
      description:
        "instead of a forgotten password: replaces the account's password and removes the phone number",
    }),
    mine: z.boolean().optional().meta({
      description:
        'false: someone else registered it. Every session of the account ends, and its password is removed',
    }),
  })
  .refine(
    ({ mine, password, newPassword }) =>
      mine === false || (password === undefined) !== (newPassword === undefined),
    {
      path: ['password'],
      message: 'either this or newPassword is required',
    },
  )
export type Confirmation = z.output<typeof Confirmation>

export const authRoutes = {
  register: defineRoute({
    method: 'POST',
    path: '/api/auth/register',
    summary: 'Register',
    access: 'anyone',
    body: Registration,
    responses: { 201: Session },
    refusals: [EMAIL_TAKEN, RATE_LIMITED],
  }),
  login: defineRoute({
    method: 'POST',
    path: '/api/auth/login',
    summary: 'Sign in',
    access: 'anyone',
    body: z.strictObject({ email: Email, password: z.string().min(1).max(128) }),
    responses: { 200: Session },
    refusals: [INVALID_CREDENTIALS, RATE_LIMITED],
  }),
  refresh: defineRoute({
    method: 'POST',
    path: '/api/auth/refresh',
    summary: 'Rotate a refresh token',
    access: 'anyone',
    body: z.strictObject({ refreshToken: Secret }),
    responses: { 200: Session },
    refusals: [...Object.values(refreshRefusals)],
  }),
  logout: defineRoute({
    method: 'POST',
    path: '/api/auth/logout',
    summary: 'End a session: its whole family of refresh tokens',
    access: 'anyone',
    body: z.strictObject({ refreshToken: Secret }),
    responses: { 204: Empty },
  }),
  getMe: defineRoute({
    method: 'GET',
    path: '/api/auth/me',
    summary: 'Get the signed-in user',
    access: 'user',
    responses: { 200: User },
  }),
  updateMe: defineRoute({
    method: 'PATCH',
    path: '/api/auth/me',
    summary: 'Change the profile',
    access: 'user',
    body: z.strictObject({
      firstName: plainName(100).optional(),
      lastName: plainName(100).nullable().optional().meta({ description: 'null: a single name' }),
      phone: TypedPhone.nullable().optional().meta({ description: 'null removes it' }),
      phoneCountry,
      locale: Locale.optional(),
    }),
    responses: { 200: User },
  }),
  becomeOrganizer: defineRoute({
    method: 'POST',
    path: '/api/auth/organizer',
    summary: 'Become an organizer; the next access token carries the role',
    access: 'proven',
    responses: { 200: User },
    refusals: [EMAIL_NOT_VERIFIED],
  }),
  verifyEmail: defineRoute({
    method: 'POST',
    path: '/api/auth/verify-email',
    summary: 'Confirm an address with the token that was mailed to it; every session of the account ends',
    access: 'anyone',
    body: Confirmation,
    responses: {
      204: Empty,
    },
    refusals: [LINK_INVALID, LINK_EXPIRED, WRONG_PASSWORD, RATE_LIMITED],
  }),
  resendVerification: defineRoute({
    method: 'POST',
    path: '/api/auth/verify-email/resend',
    summary: 'Mail another link to an unconfirmed address: the given one, or your own',
    access: 'visitor',
    body: z
      .strictObject({ email: Email.optional().meta({ description: 'required unless signed in' }) })
      .optional(),
    responses: { 202: Empty },
    refusals: [VALIDATION_FAILED, RATE_LIMITED],
  }),
  forgotPassword: defineRoute({
    method: 'POST',
    path: '/api/auth/password/forgot',
    summary: 'Mail a link that sets a new password, if the address has an account',
    access: 'anyone',
    body: z.strictObject({ email: Email }),
    responses: { 202: Empty },
    refusals: [RATE_LIMITED],
  }),
  resetPassword: defineRoute({
    method: 'POST',
    path: '/api/auth/password/reset',
    summary: 'Set a new password with the token that was mailed; every session of the account ends',
    access: 'anyone',
    body: z.strictObject({ token: Secret, password: Password }),
    responses: { 204: Empty },
    refusals: [LINK_INVALID, LINK_EXPIRED],
  }),
  changeEmail: defineRoute({
    method: 'POST',
    path: '/api/auth/me/email',
    summary: 'Mail a link to another address, which replaces yours when it is confirmed',
    access: 'user',
    // a repetition mails nothing, since mails are limited; and the password is not stored
    idempotency: 'none',
    body: z.strictObject({ email: Email, password: z.string().min(1).max(128) }),
    responses: {
      202: Empty,
    },
    refusals: [WRONG_PASSWORD, EMAIL_TAKEN, RATE_LIMITED],
  }),
  confirmEmailChange: defineRoute({
    method: 'POST',
    path: '/api/auth/email/confirm',
    summary:
      'Change to the address to which this token was mailed; every session ends, ' +
      'and the old address is notified',
    access: 'anyone',
    body: z
      .strictObject({
        token: Secret,
        password: z.string().min(1).max(128).optional().meta({ description: "the account's" }),
        mine: z.boolean().optional().meta({ description: 'false: someone else requested it; the link ends' }),
      })
      .refine(({ mine, password }) => mine === false || password !== undefined, {
        path: ['password'],
        message: 'is needed',
      }),
    responses: {
      204: Empty,
    },
    refusals: [LINK_INVALID, LINK_EXPIRED, WRONG_PASSWORD, EMAIL_TAKEN, RATE_LIMITED],
  }),
  undoEmailChange: defineRoute({
    method: 'POST',
    path: '/api/auth/email/undo',
    summary:
      'Restore the previous address, with the token that was mailed there and a new password; ' +
      'every session ends',
    access: 'anyone',
    body: z.strictObject({ token: Secret, password: Password }),
    responses: {
      204: Empty,
    },
    refusals: [LINK_INVALID, LINK_EXPIRED, EMAIL_TAKEN],
  }),
  getJwks: defineRoute({
    method: 'GET',
    path: '/api/auth/.well-known/jwks.json',
    summary: 'Get the keys that verify access tokens',
    access: 'anyone',
    responses: {
      200: z.object({
        keys: z.array(
          z.object({
            kty: z.literal('OKP'),
            crv: z.literal('Ed25519'),
            x: z.string(),
            kid: z.string(),
            alg: z.literal('EdDSA'),
            use: z.literal('sig'),
          }),
        ),
      }),
    },
  }),
} as const
