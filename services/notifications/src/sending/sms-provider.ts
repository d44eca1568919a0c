import { createTextMessages } from '@boxoffice/messaging'
import { createGuard, type Policy, ServiceUnavailable, type Watchers } from '@boxoffice/service-kit'
import type { Handed } from '../notifications/notification.ts'

/** Sends text messages. */
export interface SmsProvider {
  /**
   * Hands a text over. Rejects with ServiceUnavailable if the provider is unavailable or did not answer, in
   * which case it may have accepted it.
   */
  send(text: string, phoneNumber: string): Promise<Handed>
  close(): void
}

/**
 * Creates the client of Amazon SNS behind the breaker and bulkhead for text messages. It does not retry: the
 * notification's row does.
 */
export function createSnsProvider(
  config: { region: string; endpoint?: string; timeoutMs: number; senderId?: string },
  policy: Policy,
  watchers: Watchers,
): SmsProvider {
  const messages = createTextMessages(config)
  const guard = createGuard('sms', policy, watchers, config)

  async function handOver(text: string, phoneNumber: string): Promise<Handed> {
    const result = await messages.publish({ text, phoneNumber, senderId: config.senderId })
    if (result.outcome === 'accepted') return { accepted: true, providerMessageId: result.providerMessageId }
    if (result.outcome === 'rejected') return { accepted: false, reason: result.reason }
    const late = /Timeout|Abort/.test((result.error as Error).name)
    throw new ServiceUnavailable(
      'sms',
      result.answered ? 'ANSWER' : late ? 'TIMEOUT' : 'CONNECTION',
      !result.answered,
      result.error,
    )
  }

  return {
    send: (text, phoneNumber) => guard('publish', () => handOver(text, phoneNumber)),
    close() {
      guard.close()
      messages.close()
    },
  }
}
