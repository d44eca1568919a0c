import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { claimPort } from '@boxoffice/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type SmsCapture, startSmsCapture } from './sms.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-sms-'))
const file = path.join(folder, 'sms', 'messages.jsonl')
let capture: SmsCapture | undefined
afterEach(async () => {
  await capture?.stop()
  rmSync(file, { force: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const start = async () => {
  capture = await startSmsCapture({ port: await claimPort(), file, now: () => new Date(0) })
  const { url } = capture
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return { url, sns: new SNSClient({ region: 'us-east-1', endpoint: url, credentials }) }
}
const stored = async (url: string) =>
  ((await (await fetch(`${url}/store`)).json()) as { messages: unknown[] }).messages
const attribute = { DataType: 'String', StringValue: 'Boxoffice' }

test('a text message published through the SDK is kept across a restart', async () => {
  const { url, sns } = await start()
  const message = { PhoneNumber: '+48221234567', Message: 'Zażółć <b>gęślą</b> jaźń' }
  const sent = await sns.send(
    new PublishCommand({ ...message, MessageAttributes: { 'AWS.SNS.SMS.SenderID': attribute } }),
  )
  const kept = {
    messageId: sent.MessageId,
    phoneNumber: '+48221234567',
    message: message.Message,
    senderId: 'Boxoffice',
    at: '1970-01-01T00:00:00.000Z',
  }
  expect(await stored(url)).toEqual([kept])
  await capture?.stop()
  appendFileSync(file, '{"messageId":"cut o')
  expect(await stored((await start()).url)).toEqual([kept])
})

test('text messages that SNS would refuse are refused with its error', async () => {
  const { url, sns } = await start()
  for (const wrong of [
    { PhoneNumber: '221234567', Message: 'x' },
    { PhoneNumber: '+48221234567', Message: 'x'.repeat(1_601) },
    ...['12 or more letters', '12345', 'Zażółć'].map((StringValue) => ({
      PhoneNumber: '+48221234567',
      Message: 'x',
      MessageAttributes: { 'AWS.SNS.SMS.SenderID': { DataType: 'String', StringValue } },
    })),
  ]) {
    await expect(sns.send(new PublishCommand(wrong))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
  }
  expect(await stored(url)).toEqual([])
})

test('the page runs no scripts', async () => {
  const { url, sns } = await start()
  await sns.send(new PublishCommand({ PhoneNumber: '+48221234567', Message: '<script>alert(1)</script>' }))
  const page = await fetch(url)
  expect(await page.text()).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
})
