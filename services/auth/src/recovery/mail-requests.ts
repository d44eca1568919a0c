import { emailVerificationRequested, passwordResetRequested } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import type { Logger } from '@boxoffice/service-kit'
import {
  continueTrace,
  createSweeper,
  currentCorrelationId,
  type Worker,
  withCorrelationId,
} from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { Database, Tx } from '../database.ts'
import type { SealToken } from '../mailed-tokens/mailed-token.ts'
import { createMailedToken } from '../mailed-tokens/mailed-token.ts'
import { mayMail } from '../mailed-tokens/may-mail.ts'
import { insertReset, listResetTimes } from '../mailed-tokens/reset-repository.ts'
import { insertVerification, listVerificationTimes } from '../mailed-tokens/verification-repository.ts'
import type { StoredUser } from '../users/user.ts'
import { findUserByEmail, lockUser } from '../users/user-repository.ts'
import { insertRequest, type MailRequest, takeRequest } from './request-repository.ts'

export interface MailRequests {
  /** Requests a mail to an address. Takes the same time whether or not the account exists. */
  ask(request: Pick<MailRequest, 'kind' | 'email'>): Promise<void>
  /** Handles requests: at once, and every five seconds those left by other processes. */
  worker: Worker
}

interface Surroundings {
  config: Pick<Config, 'emailVerificationTtlMs' | 'mails' | 'passwordResetTtlMs'>
  db: Database
  logger: Logger
  messaging: Pick<Messaging, 'append'>
  newId: () => string
  now: () => Date
  sealToken: SealToken
}

const INTERVAL_MS = 5_000
const DAY_MS = 86_400_000

export function createMailRequests(deps: Surroundings): MailRequests {
  const worker = createSweeper({
    name: 'mail requests',
    intervalMs: INTERVAL_MS,
    logger: deps.logger,
    sweep: async () => ({ more: await handleOldest(deps) }),
  })
  return {
    async ask({ kind, email }) {
      const request = { kind, email, correlationId: currentCorrelationId(), requestedAt: deps.now() }
      await insertRequest(deps.db, deps.newId(), request)
      worker.nudge()
    },
    worker,
  }
}

/**
 * Handles the oldest request: deletes it and stores the token and message in one commit. Returns whether
 * there was one.
 */
const handleOldest = (deps: Surroundings): Promise<boolean> =>
  deps.db.transact(async (tx) => {
    const request = await takeRequest(tx)
    if (!request) return false
    const { kind, email, correlationId, traceparent } = request
    const answer = async () => {
      const user = await findUserByEmail(tx, email)
      if (user) await mail(deps, tx, kind, user)
    }
    await withCorrelationId(correlationId, () => continueTrace(traceparent, `mail request ${kind}`, answer))
    return true
  })

async function mail(deps: Surroundings, tx: Tx, kind: MailRequest['kind'], user: StoredUser): Promise<void> {
  const { userId, email, firstName, lastName, locale, version } = user
  if (kind === 'VERIFICATION' && user.emailVerified) return
  await lockUser(tx, userId) // two requests for one account must see each other
  const createdAt = deps.now()
  const list = kind === 'VERIFICATION' ? listVerificationTimes : listResetTimes
  const mailedAt = await list(tx, userId, new Date(createdAt.getTime() - DAY_MS))
  if (!mayMail(mailedAt, createdAt, deps.config.mails)) return

  const { emailVerificationTtlMs, passwordResetTtlMs } = deps.config
  const ttlMs = kind === 'VERIFICATION' ? emailVerificationTtlMs : passwordResetTtlMs
  const token = createMailedToken()
  const tokenExpiresAt = new Date(createdAt.getTime() + ttlMs)
  const keep = kind === 'VERIFICATION' ? insertVerification : insertReset
  await keep(tx, { token, userId, createdAt, expiresAt: tokenExpiresAt })
  const payload = {
    userId,
    email,
    firstName,
    lastName,
    locale,
    sealedToken: await deps.sealToken(token),
    tokenExpiresAt,
  }
  const message = kind === 'VERIFICATION' ? emailVerificationRequested : passwordResetRequested
  await deps.messaging.append(tx, message, payload, { aggregateVersion: version })
}
