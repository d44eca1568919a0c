import { SESClient, SESServiceException, SendRawEmailCommand } from '@aws-sdk/client-ses'
import { createGuard, type Policy, ServiceUnavailable, type Watchers } from '@boxoffice/service-kit'
import { NOTIFICATION_TAG } from '../feedback/ses-event.ts'
import type { Handed } from '../notifications/notification.ts'

/** The address of a mail, and the id that later feedback refers to. */
interface Handing {
  address: string
  notificationId: string
}

/** Sends mails. */
export interface MailProvider {
  /**
   * Hands a mail over. Rejects with ServiceUnavailable if the provider is unavailable or did not answer, in
   * which case it may have accepted it.
   */
  send(mime: Buffer, about: Handing): Promise<Handed>
  close(): void
}

/** Errors of SES about the mail itself, which a retry would repeat. All others are temporary. */
const REJECTIONS = ['MessageRejected', 'InvalidParameterValue']
const CONNECT_TIMEOUT_MS = 5_000

/**
 * Creates the client of Amazon SES behind the breaker and bulkhead for mail. It does not retry: the
 * notification's row does.
 */
export function createSesProvider(
  config: { region: string; endpoint?: string; timeoutMs: number; configurationSet?: string },
  policy: Policy,
  watchers: Watchers,
): MailProvider {
  const ses = new SESClient({
    region: config.region,
    ...(config.endpoint && { endpoint: config.endpoint }),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: config.timeoutMs },
  })
  const guard = createGuard('mail', policy, watchers, config)

  async function handOver(mime: Buffer, { address, notificationId }: Handing): Promise<Handed> {
    const abortSignal = AbortSignal.timeout(config.timeoutMs)
    const command = new SendRawEmailCommand({
      RawMessage: { Data: mime },
      Destinations: [address],
      Tags: [{ Name: NOTIFICATION_TAG, Value: notificationId }],
      ...(config.configurationSet && { ConfigurationSetName: config.configurationSet }),
    })
    try {
      const { MessageId } = await ses.send(command, { abortSignal })
      if (!MessageId) throw new Error('SES answered without a message id')
      return { accepted: true, providerMessageId: MessageId }
    } catch (error) {
      if (error instanceof SESServiceException && REJECTIONS.includes(error.name))
        return { accepted: false, reason: error.name }
      const answered = error instanceof SESServiceException
      throw new ServiceUnavailable(
        'mail',
        answered ? 'ANSWER' : abortSignal.aborted ? 'TIMEOUT' : 'CONNECTION',
        !answered,
        error,
      )
    }
  }

  return {
    send: (mime, about) => guard('sendRawEmail', () => handOver(mime, about)),
    close() {
      guard.close()
      ses.destroy()
    },
  }
}
