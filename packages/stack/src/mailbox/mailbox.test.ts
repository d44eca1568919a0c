import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import { claimPort, createChildren } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { programArguments } from '../programs/program.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-mailbox-'))
const file = path.join(folder, 'mailbox', 'mails.jsonl')
const children = createChildren()
let port: number
beforeAll(async () => {
  port = await claimPort()
})
afterAll(async () => {
  await children.end()
  rmSync(folder, { recursive: true, force: true })
})

const start = () =>
  children.start(programArguments(path.join(import.meta.dirname, 'main.ts')), {
    ...process.env,
    PORT: String(port),
    MAIL_FILE: file,
  })
const rawOf = (subject: string, to: string) =>
  `From: tickets@boxoffice.example\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\nHello`
const sendRaw = (raw: string, more: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 local' },
    body: new URLSearchParams({
      Action: 'SendRawEmail',
      'RawMessage.Data': Buffer.from(raw).toString('base64'),
      ...more,
    }),
  })
const send = async (subject: string, to = 'buyer@boxoffice.example') =>
  expect(await (await sendRaw(rawOf(subject, to))).text()).toContain('<MessageId>')
const subjects = async (query = '') => {
  const store = await (await fetch(`http://127.0.0.1:${port}/store${query}`)).json()
  return (store as { emails: { subject: string }[] }).emails.map((mail) => mail.subject)
}

test('mails survive a SIGKILL, even with a truncated last line, until the mailbox is emptied', async () => {
  const first = await start()
  await send('one')
  await send('two')
  await children.kill(first)
  appendFileSync(file, '{"messageId":"cut o')

  const second = await start()
  expect(await subjects()).toEqual(['one', 'two'])
  await send('three')
  expect(await subjects()).toEqual(['one', 'two', 'three'])
  await send('four', 'friend@boxoffice.example')
  expect(await subjects('?to=friend%40')).toEqual(['four'])
  expect(await subjects('?to=nobody')).toEqual([])
  await fetch(`http://127.0.0.1:${port}/clear-store`, { method: 'POST' })
  second.kill('SIGTERM')
  expect(await once(second, 'exit')).toEqual([0, null])
  expect(readFileSync(file, 'utf8')).toBe('')
})

test('mails that SES would refuse are refused with its error, others are accepted', async () => {
  const mailbox = await start()
  const raw = rawOf('large', 'buyer@boxoffice.example')
  const largest = raw.padEnd(10 * 1_024 * 1_024, '.')
  expect((await sendRaw(largest)).status).toBe(200)
  const tooLarge = await sendRaw(`${largest}.`)
  expect(tooLarge.status).toBe(400)
  expect(await tooLarge.text()).toContain(
    '<Code>InvalidParameterValue</Code><Message>Message length is more than 10485760 bytes',
  )
  const tooMany = await sendRaw(raw, { 'Destinations.member.51': 'a@boxoffice.example' })
  expect(await tooMany.text()).toContain('Recipient count exceeds 50.')
  expect(await (await sendRaw(raw, { Action: 'SendBounce' })).text()).toContain('<Code>InvalidAction</Code>')
  expect(await (await sendRaw('')).text()).toContain('Message is empty.')
  expect(await subjects()).toEqual(['large'])
  await children.kill(mailbox)
})

describe('its page', () => {
  beforeAll(start)

  test('the page is served, and only to this machine', async () => {
    const page = await fetch(`http://127.0.0.1:${port}/`)
    expect(page.headers.get('content-type')).toContain('text/html')
    const outside = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    for (const { address, family } of outside.filter(({ internal }) => !internal)) {
      const host = family === 'IPv6' ? `[${address}]` : address
      await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow()
    }
  })

  test('a mail shows images and working links, is escaped in the list, and runs no scripts', async () => {
    const days = [new Date()] // which it is now, also at midnight
    const html = '<img src="cid:code"><script>alert(1)</script>'
    const picture =
      '--b\r\nContent-Type: image/png\r\nContent-ID: <code>\r\n' +
      'Content-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n'
    const body = `--b\r\nContent-Type: text/html\r\n\r\n${html}\r\n${picture}--b--`
    await send(
      `<b>bold</b>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n${body}\r\n`,
    )
    const list = await (await fetch(`http://127.0.0.1:${port}/`)).text()
    expect(list).toContain('&lt;b&gt;bold&lt;/b&gt;')
    days.push(new Date())
    expect(days.filter((day) => list.includes(day.toISOString().slice(0, 10)))).not.toEqual([])
    const [, id] = list.match(/src="\/mails\/([^"]+)"/) ?? []
    const mail = await fetch(`http://127.0.0.1:${port}/mails/${id}`)
    expect(mail.headers.get('content-security-policy')).toMatch(/^sandbox .*default-src 'none'/)
    const shown = await mail.text()
    expect(shown).toContain('<img src="data:image/png;base64,iVBORw0KGgo="')
    // a link opens beside the box: in it nothing runs, and no other site is let in
    expect(shown).toContain('<base target="_blank">')
    expect((await fetch(`http://127.0.0.1:${port}/mails/none`)).ok).toBe(false)
  })
})
