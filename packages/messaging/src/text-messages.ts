import {
  type MessageAttributeValue,
  PublishCommand,
  SNSClient,
  SNSServiceException,
} from '@aws-sdk/client-sns'

const CONNECT_TIMEOUT_MS = 5_000
/** Errors about the text message itself: a retry would get the same response. */
const REJECTIONS = ['InvalidParameterException', 'InvalidParameterValueException', 'ValidationException']

export type TextMessageOutcome =
  | { outcome: 'accepted'; providerMessageId: string }
  /** Another attempt would be rejected too. */
  | { outcome: 'rejected'; reason: string }
  /** Unknown whether it was accepted; if `answered`, it was not. */
  | { outcome: 'unknown'; answered: boolean; error: unknown }

/** Sends text messages to phones through SNS. */
export interface TextMessages {
  publish(message: { phoneNumber: string; text: string; senderId?: string }): Promise<TextMessageOutcome>
  close(): void
}

/**
 * Creates a client that tries once: the caller keeps the message and retries. `endpoint` is set if SNS is not
 * at AWS's address.
 */
export function createTextMessages(config: {
  region: string
  endpoint?: string
  timeoutMs: number
}): TextMessages {
  const sns = new SNSClient({
    region: config.region,
    ...(config.endpoint && { endpoint: config.endpoint }),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: config.timeoutMs },
  })
  return {
    async publish({ phoneNumber, text, senderId }) {
      const attributes: Record<string, MessageAttributeValue> = {
        'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' },
        ...(senderId && { 'AWS.SNS.SMS.SenderID': { DataType: 'String', StringValue: senderId } }),
      }
      const command = new PublishCommand({
        PhoneNumber: phoneNumber,
        Message: text,
        MessageAttributes: attributes,
      })
      try {
        const { MessageId } = await sns.send(command, { abortSignal: AbortSignal.timeout(config.timeoutMs) })
        if (!MessageId) throw new Error('SNS answered without a message id')
        return { outcome: 'accepted', providerMessageId: MessageId }
      } catch (error) {
        const answered = error instanceof SNSServiceException
        if (answered && REJECTIONS.includes(error.name)) return { outcome: 'rejected', reason: error.name }
        return { outcome: 'unknown', answered, error }
      }
    },
    close: () => sns.destroy(),
  }
}
