import { sendPage } from '@boxoffice/service-kit'
import type { FastifyInstance } from 'fastify'
import { resetPasswordPage } from './reset-password-page.ts'
import { verifyEmailPage } from './verify-email-page.ts'

/** Where the links of our mails lead: two pages for people, which call the API from the browser. */
export function mountPages(app: FastifyInstance): void {
  const pages = { '/verify-email': verifyEmailPage, '/reset-password': resetPasswordPage }
  for (const [path, page] of Object.entries(pages)) {
    app.get(path, async (_request, reply) => {
      reply.header('referrer-policy', 'no-referrer') // the address holds the token
      return sendPage(reply, page)
    })
  }
}
