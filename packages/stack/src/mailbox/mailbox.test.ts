import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { claimPort } from '../ports.ts'
import { programArguments } from '../programs/program.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-mailbox-'))
const file = path.join(folder, 'mailbox', 'mails.jsonl')
const running: ChildProcess[] = []
let port: number
beforeAll(async () => {
  port = await claimPort(0)
})
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const start = async (): Promise<ChildProcess> => {
  const child = spawn(process.execPath, programArguments(path.join(import.meta.dirname, 'main.ts')), {
    env: { ...process.env, PORT: String(port), MAIL_FILE: file },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  running.push(child)
  await once(child, 'message')
  return child
}
const send = async (subject: string) => {
  const raw = `From: tickets@boxoffice.example\r\nTo: buyer@boxoffice.example\r\nSubject: ${subject}\r\n\r\nHello`
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 local' },
    body: new URLSearchParams({ Action: 'SendRawEmail', 'RawMessage.Data': Buffer.from(raw).toString('base64') }),
  })
  expect(await response.text()).toContain('<MessageId>')
}
const subjects = async () => {
  const store = await (await fetch(`http://127.0.0.1:${port}/store`)).json()
  return (store as { emails: { subject: string }[] }).emails.map((mail) => mail.subject)
}

test('mails are there after a SIGKILL, even when its last line was cut off, until somebody empties the box', async () => {
  const first = await start()
  await send('one')
  await send('two')
  first.kill('SIGKILL')
  await once(first, 'exit')
  appendFileSync(file, '{"messageId":"cut o')

  const second = await start()
  expect(await subjects()).toEqual(['one', 'two'])
  await send('three')
  expect(await subjects()).toEqual(['one', 'two', 'three'])
  await fetch(`http://127.0.0.1:${port}/clear-store`, { method: 'POST' })
  second.kill('SIGTERM')
  expect(await once(second, 'exit')).toEqual([0, null])
  expect(readFileSync(file, 'utf8')).toBe('')
})

test('people see a page, and nobody outside this machine sees anything', async () => {
  await start()
  const page = await fetch(`http://127.0.0.1:${port}/`)
  expect(page.headers.get('content-type')).toContain('text/html')
  const outside = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  for (const { address, family } of outside.filter(({ internal }) => !internal)) {
    const host = family === 'IPv6' ? `[${address}]` : address
    await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow()
  }
})

test('a mail is shown with its pictures and links that open, escaped where it is listed, and runs nothing', async () => {
  await start()
  const html = '<img src="cid:code"><script>alert(1)</script>'
  const picture = `--b\r\nContent-Type: image/png\r\nContent-ID: <code>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n`
  const body = `--b\r\nContent-Type: text/html\r\n\r\n${html}\r\n${picture}--b--`
  await send(`<b>bold</b>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n${body}\r\n`)
  const list = await (await fetch(`http://127.0.0.1:${port}/`)).text()
  expect(list).toContain('&lt;b&gt;bold&lt;/b&gt;')
  expect(list).toContain(new Date().toISOString().slice(0, 10))
  const [, id] = list.match(/src="\/mails\/([^"]+)"/) ?? []
  const mail = await fetch(`http://127.0.0.1:${port}/mails/${id}`)
  expect(mail.headers.get('content-security-policy')).toMatch(/^sandbox .*default-src 'none'/)
  const shown = await mail.text()
  expect(shown).toContain('<img src="data:image/png;base64,iVBORw0KGgo="')
  expect(shown).toContain('<base target="_blank">') // a link opens beside the box: in it nothing runs, and no other site is let in
  expect((await fetch(`http://127.0.0.1:${port}/mails/none`)).ok).toBe(false)
})
