import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  hkdfSync,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { claimPort } from '@boxoffice/testing'
import { jwtVerify } from 'jose'
import { generate } from 'selfsigned'

/** What a browser read of a push: its content in clear, with what its push service received. */
export interface Read {
  content: { title: string; body: string; url: string; tag: string; notificationId: string }
  headers: IncomingHttpHeaders
  /** Who signed it: the contact, and the public key. */
  sub: unknown
  publicKey: string
  bytes: number
}

/** How a push service answers for one browser from now on. */
export type PushMode = 'ok' | 'hang' | 'cut' | { status: number; headers?: Record<string, string> }

/**
 * One certificate for all of this process, which trusts it: of two that are called the same OpenSSL looks at
 * the first alone.
 */
const certified = (() => {
  let made: Promise<{ key: string; cert: string }> | null = null
  async function make() {
    const { private: key, cert } = await generate([{ name: 'commonName', value: `push ${randomUUID()}` }], {
      keyType: 'ec',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    })
    setDefaultCACertificates([...getCACertificates('default'), cert])
    return { key, cert }
  }
  return () => {
    made ??= make()
    return made
  }
})()

/**
 * A push service by RFC 8030 over TLS, with the browsers behind it: what it takes is verified (RFC 8292) and
 * decrypted with the keys of the browser that it is for (RFC 8291), or refused.
 */
export async function startFakePush() {
  const { key, cert } = await certified()
  const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-push-'))
  const certificateFile = path.join(folder, 'push.pem')
  writeFileSync(certificateFile, cert)
  const browsers = new Map<string, Browser>()
  const port = await claimPort()
  const origin = `https://127.0.0.1:${port}`
  /** Requests that came, also such as were refused. */
  const asked: string[] = []

  const server = createServer({ key, cert }, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    asked.push(request.url ?? '')
    const browser = browsers.get(request.url ?? '')
    if (!browser || request.method !== 'POST') return response.writeHead(404).end()
    const { mode } = browser
    if (mode === 'hang') return browser.hung.resolve()
    if (mode === 'ok' || mode === 'cut') {
      try {
        browser.read.push(await readOf(browser, origin, request.headers, Buffer.concat(chunks)))
      } catch (error) {
        browser.errors.push(error)
        return response.writeHead(400).end(String(error))
      }
    }
    if (mode === 'cut') return response.destroy()
    if (mode === 'ok') return response.writeHead(201, { location: `${origin}/message/${randomUUID()}` }).end()
    return response.writeHead(mode.status, mode.headers ?? {}).end()
  })
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  )

  return {
    origin,
    asked,
    /** For another process: `NODE_EXTRA_CA_CERTS`. */
    certificateFile,
    /** A browser that subscribed. */
    browser() {
      const keys = createECDH('prime256v1')
      keys.generateKeys()
      const browser = {
        keys,
        auth: randomBytes(16),
        read: [],
        errors: [],
        mode: 'ok',
        hung: Promise.withResolvers<void>(),
      } as Browser
      const endpoint = `/push/${randomUUID()}`
      browsers.set(endpoint, browser)
      return Object.assign(browser, {
        /** What `toJSON()` of its subscription gives. */
        subscription: {
          endpoint: origin + endpoint,
          expirationTime: null,
          keys: { p256dh: keys.getPublicKey('base64url'), auth: browser.auth.toString('base64url') },
        },
      })
    },
    async stop() {
      rmSync(folder, { recursive: true, force: true })
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Browser {
  keys: ECDH
  auth: Buffer
  read: Read[]
  /** Why it could not read something. */
  errors: unknown[]
  mode: PushMode
  /** Resolves when something was asked that it does not answer. */
  hung: PromiseWithResolvers<void>
}

async function readOf(
  browser: Browser,
  origin: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<Read> {
  const { authorization = '', ttl, topic } = headers
  const [, token = '', publicKey = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? []
  const { payload } = await jwtVerify(token, keyOf(publicKey), {
    algorithms: ['ES256'],
    audience: origin,
    maxTokenAge: undefined,
  })
  if (!payload.exp || payload.exp > Date.now() / 1_000 + 86_400)
    throw new Error('the signature ends later than in 24 hours')
  if (headers['content-encoding'] !== 'aes128gcm') throw new Error('it is not encrypted by aes128gcm')
  if (!/^\d+$/.test(ttl as string)) throw new Error('a push has a TTL')
  if (topic !== undefined && !/^[\w-]{1,32}$/.test(topic as string))
    throw new Error('the topic is too long, or of other signs')
  const content = JSON.parse(decrypted(body, browser).toString())
  return { content, headers, sub: payload.sub, publicKey, bytes: body.length }
}

function keyOf(publicKey: string): KeyObject {
  const point = Buffer.from(publicKey, 'base64url')
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')]
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } })
}

/** What a browser does with a message of one record (RFC 8188, RFC 8291). */
export function decrypted(message: Buffer, { keys, auth }: Pick<Browser, 'keys' | 'auth'>): Buffer {
  const salt = message.subarray(0, 16)
  const idLength = message.readUInt8(20)
  const sender = message.subarray(21, 21 + idLength)
  const sealed = message.subarray(21 + idLength)
  const derive = (secret: Buffer, from: Buffer, info: Buffer, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, from, info, length))
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), sender])
  const secret = derive(keys.computeSecret(sender), auth, info, 32)
  const decipher = createDecipheriv(
    'aes-128-gcm',
    derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16),
    derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12),
  )
  decipher.setAuthTag(sealed.subarray(-16))
  const record = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
  const end = record.lastIndexOf(2)
  if (end === -1 || record.subarray(end + 1).some((byte) => byte !== 0))
    throw new Error('the record has no end')
  return record.subarray(0, end)
}
