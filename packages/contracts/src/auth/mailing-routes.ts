import * as z from 'zod'
import { defineRoute } from '../http/define-route.ts'

/** What mails with a link check right before they are sent. */
export const authMailingRoutes = {
  checkMailedToken: defineRoute({
    method: 'POST',
    path: '/api/auth/internal/mailed-tokens/check',
    summary: 'Check whether the link of an unsent mail still works; does not use it up',
    access: { services: ['notification-service'] },
    body: z.strictObject({
      purpose: z.enum(['VERIFY_EMAIL', 'RESET_PASSWORD', 'CHANGE_EMAIL', 'UNDO_EMAIL_CHANGE']),
      token: z.string().min(1).max(512),
    }),
    responses: {
      200: z.object({
        works: z.boolean(),
        emailVerified: z
          .boolean()
          .meta({ description: 'of the account that it is for; false where there is none' }),
      }),
    },
  }),
} as const
