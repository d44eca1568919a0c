import { currentTraceparent } from '@boxoffice/service-kit'
import type { Db, Tx } from '../database.ts'

export interface MailRequest {
  kind: 'VERIFICATION' | 'PASSWORD_RESET'
  /** Normalized. */
  email: string
  correlationId: string
  requestedAt: Date
}

/** A stored request, with the trace of its caller. */
export interface TakenRequest extends MailRequest {
  traceparent: string | null
}

export async function insertRequest(db: Db, requestId: string, request: MailRequest): Promise<void> {
  await db.prisma.mailRequest.create({ data: { requestId, ...request, traceparent: currentTraceparent() } })
}

/** Deletes and returns the oldest request that no other transaction has; null if there is none. */
export async function takeRequest(tx: Tx): Promise<TakenRequest | null> {
  const [request] = await tx.prisma.$queryRaw<TakenRequest[]>`
    delete from mail_requests where request_id =
      (select request_id from mail_requests order by requested_at for update skip locked limit 1)
    returning kind, email, correlation_id as "correlationId", requested_at as "requestedAt", traceparent`
  return request ?? null
}
