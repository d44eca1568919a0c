import {
  type MessageAttributeValue,
  PublishCommand,
  SNSClient,
  SNSServiceException,
} from '@aws-sdk/client-sns'

const CONNECT_TIMEOUT_MS = 5_000
/** What SNS says about a text message itself: another attempt would be answered the same. */
const REJECTIONS = ['InvalidParameterException', 'InvalidParameterValueException', 'ValidationException']

export type TextMessageOutcome =
  | { outcome: 'accepted'; providerMessageId: string }
  /** It will never be taken. */
  | { outcome: 'rejected'; reason: string }
  /** Nobody knows whether it was taken, unless `answered`: then it was not. */
  | { outcome: 'unknown'; answered: boolean; error: unknown }

/** Sends text messages to telephones, through SNS. */
export interface TextMessages {
  publish(message: { phoneNumber: string; text: string; senderId?: string }): Promise<TextMessageOutcome>
  close(): void
}

/**
 * It tries once: whoever sends remembers what is to be sent. `endpoint`: SNS elsewhere than at AWS's own
 * address.
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
