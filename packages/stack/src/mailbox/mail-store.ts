import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser'

/** A mail as its reader sees it. */
export interface Mail {
  messageId: string
  from: string
  destination: { to: string[] }
  subject: string
  body: { html?: string | undefined; text?: string | undefined }
  attachments: {
    filename?: string | undefined
    contentType: string
    content: string
    cid?: string | undefined
  }[]
  /** Seconds since 1970. */
  at: number
}

/** A raw mail: most are never read. */
export interface StoredMail {
  messageId: string
  at: number
  /** The envelope recipients; empty if only the mail itself names them. */
  recipients: string[]
  /** MIME, in base64. */
  raw: string
}

export interface MailStore {
  add(mail: StoredMail): void
  clear(): void
  all(): readonly StoredMail[]
  read(mail: StoredMail): Promise<Mail>
}

const KEPT_MAX = 500

/**
 * Stores mails in `file`, one JSON object a line, and loads the newest 500 after a restart. Mails are parsed
 * when they are read.
 */
export function openMailStore(file: string): MailStore {
  mkdirSync(path.dirname(file), { recursive: true })
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  let mails = lines.slice(-KEPT_MAX - 1).flatMap(parseLine)
  writeFileSync(file, mails.map(asLine).join(''))
  const known = new WeakMap<StoredMail, Promise<Mail>>()
  return {
    add(mail) {
      appendFileSync(file, asLine(mail))
      mails.push(mail)
    },
    clear() {
      writeFileSync(file, '')
      mails = []
    },
    all: () => mails,
    read(mail) {
      const reading = known.get(mail) ?? readMail(mail)
      known.set(mail, reading)
      return reading
    },
  }
}

const asLine = (mail: StoredMail) => `${JSON.stringify(mail)}\n`

function parseLine(line: string): StoredMail[] {
  try {
    const mail = JSON.parse(line)
    return typeof mail.raw === 'string' ? [mail] : []
  } catch {
    return [] // the end of the file, or a line that a kill cut off
  }
}

async function readMail({ messageId, at, raw }: StoredMail): Promise<Mail> {
  const mail = await simpleParser(Buffer.from(raw, 'base64'))
  return {
    messageId,
    at,
    from: mail.from?.text ?? '',
    destination: { to: addressesOf(mail.to) },
    subject: mail.subject ?? '(no subject)',
    body: { html: mail.html || undefined, text: mail.text },
    attachments: mail.attachments.map(attachmentOf),
  }
}

const addressesOf = (to: ParsedMail['to']): string[] =>
  (to ? [to].flat() : []).map(({ text }: AddressObject) => text)

const attachmentOf = ({
  filename,
  contentType,
  content,
  cid,
}: ParsedMail['attachments'][number]): Mail['attachments'][number] => ({
  filename,
  contentType,
  content: content.toString('base64'),
  cid,
})
