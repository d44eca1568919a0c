import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { claimPorts, createSecrets, type Ports } from '@boxoffice/stack'
import { until } from '@boxoffice/testing'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { serviceKeys } from '../packages/contracts/src/index.ts'
import { publishEvent } from '../packages/e2e/src/events.ts'
import { createMailReader } from '../packages/e2e/src/mails.ts'
import { createPerson, expectStatus } from '../packages/e2e/src/person.ts'
import { createAws, provision } from '../packages/messaging/src/index.ts'
import { createAdministrator } from '../packages/ops/test/databases.ts'
import { type Environment, environmentOf } from '../packages/stack/src/environment.ts'
import { type Running, unpackImages } from './image-system.ts'
import { loadProductionPackages } from './production-packages.ts'
import { type ProgramName, programNames, programs } from './program-list.ts'

const ROOT = path.join(import.meta.dirname, '..')
const BYTES_MAX = 30_000_000
/** In addition, the fonts of every script that a ticket may use. */
const FONTS_BYTES_MAX = 30_000_000

const startMailbox = (env: Environment) =>
  execa(process.execPath, [path.join(ROOT, 'packages/stack/src/mailbox/main.ts')], { env, reject: false })

let images: Awaited<ReturnType<typeof unpackImages>>
let server: Awaited<ReturnType<typeof createAdministrator>>
let mailbox: ReturnType<typeof startMailbox> | undefined
let ports: Ports
let migrating: Running
const running: Running[] = []
const urlOf = (name: keyof Ports) => `http://127.0.0.1:${ports[name]}`

/**
 * The environment of each service as with `npm start`, except for the database: each has its own role with
 * its own privileges.
 */
function environmentsOf(prefix: string) {
  const secrets = createSecrets()
  const addresses = {
    publicUrl: urlOf('edge'),
    services: Object.fromEntries(serviceKeys.map((key) => [key, urlOf(key)])) as Record<
      (typeof serviceKeys)[number],
      string
    >,
    redis: inject('redisUrl'),
    aws: inject('awsEndpoint'),
    mailbox: urlOf('mailbox'),
    sms: urlOf('sms'),
    sandbox: urlOf('sandbox'),
    databaseUrl: (key: string) => server.urlAs(prefix + key, prefix + key),
  }
  const messaging = { MESSAGING_PREFIX: `${prefix.slice(0, -1)}-` }
  const of = (key: (typeof serviceKeys)[number]): Environment => ({
    ...environmentOf(key, secrets, addresses),
    ...messaging,
  })
  return { secrets, of }
}

beforeAll(async () => {
  images = await unpackImages()
  server = await createAdministrator()
  ports = await claimPorts()
  const mails = { PORT: `${ports.mailbox}`, MAIL_FILE: path.join(images.data, 'mails') }
  mailbox = startMailbox(mails)
  const { secrets, of } = environmentsOf(server.prefix)

  const { AWS_ACCOUNT_ID = '', AWS_REGION = '', MESSAGING_PREFIX: prefix = '' } = of('auth')
  const endpoint = inject('awsEndpoint')
  const region = { region: AWS_REGION, accountId: AWS_ACCOUNT_ID, prefix, waitSeconds: 1 }
  const aws = createAws({ ...region, snsEndpoint: endpoint, sqsEndpoint: endpoint })
  await provision(aws)
  aws.close()

  migrating = images.start('ops', server.env, { args: ['migrate'] })
  await migrating.ended
  const start = (name: ProgramName, env: Record<string, string>, options = {}) =>
    running.push(images.start(name, env, options))
  const { stripeSecretKey: STRIPE_SECRET_KEY, stripeWebhookSecret: STRIPE_WEBHOOK_SECRET } = secrets
  const ledger = {
    SANDBOX_DATABASE: path.join(images.data, 'ledger.sqlite'),
    STRIPE_SECRET_KEY,
    STRIPE_WEBHOOK_SECRET,
  }
  const WEBHOOK_URL = `${urlOf('edge')}/api/payments/webhooks/stripe`
  start('sandbox', { ...ledger, WEBHOOK_URL, PORT: `${ports.sandbox}` }, { writes: true })
  for (const key of serviceKeys) start(key, of(key))
  const UPSTREAMS = JSON.stringify(Object.fromEntries(serviceKeys.map((key) => [key, [urlOf(key)]])))
  start('edge', { PORT: `${ports.edge}`, UPSTREAMS, MAILBOX_URL: urlOf('mailbox'), SMS_URL: urlOf('sms') })
})
afterAll(async () => {
  mailbox?.kill()
  await mailbox
  await images?.remove()
  await server?.drop()
})

/** Adds the program's output to the error, since it explains best why the program does not answer. */
const outputs = () => running.map(({ name, output }) => `${name}: ${output().slice(-2_000)}`).join('\n')

describe('an image', () => {
  test('is self-contained: it contains no path of this workspace', async () => {
    for (const name of programNames) {
      const files = await readdir(images.folderOf(name), { recursive: true, withFileTypes: true })
      for (const file of files.filter((entry) => entry.isFile())) {
        const content = await readFile(path.join(file.parentPath, file.name))
        expect(content.includes(ROOT), `${name}/${file.name}`).toBe(false)
      }
    }
  })

  test('contains no development dependencies, no tests and no native code', async () => {
    const neededBy = loadProductionPackages(ROOT)
    for (const { name, packages, sources } of images.built) {
      const room = programs[name].entries.main.split('/').slice(0, 2).join('/')
      const needed = neededBy(room)
      expect(needed).not.toContain('vitest')
      expect(needed).not.toContain('prisma')
      expect(
        packages.filter((each) => !needed.has(each)),
        name,
      ).toEqual([])
      expect(
        sources.filter((file) => /\.test\.ts$|\/test\//.test(file)),
        name,
      ).toEqual([])
      const files = await readdir(images.folderOf(name), { recursive: true })
      expect(
        files.filter((file) => /\.(node|ts)$/.test(file)),
        name,
      ).toEqual([])
    }
  })

  test('prints a ticket in scripts of every kind of font', async () => {
    const code = `
      import { singleTicketPdf } from ${JSON.stringify(path.join(images.folderOf('tickets'), 'pdf.js'))}
      const eventId = '11111111-1111-4111-8111-111111111111'
      const event = { eventId, eventDate: new Date(0), timeZone: 'Asia/Tokyo' }
      const pdf = await singleTicketPdf({
        ticket: {
          ticketNumber: 'TKT-1', holderName: 'דוד ကို 🎟️ 𝔄 ⵣ',
          unitPrice: 0, currency: 'EUR', createdAt: new Date(0),
        },
        event: { ...event, name: '山田の', venueName: 'สมชาย', venueAddress: 'བསྟན' },
        typeName: '☙ ꜩ', code: 'x',
      })
      process.stdout.write(pdf.toString('latin1').match(/BaseFont [^ \\n]+/g).join(' '))`
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', code])
    for (const family of [
      'SansHebrew',
      'SansMyanmar',
      'Emoji',
      'SansMath',
      'SansJP',
      'SansThai',
      'SerifTibetan',
    ])
      expect(stdout).toContain(`Noto${family}`)
  })

  test('is small, fonts not counted', async () => {
    for (const { name, bytes } of images.built) {
      const files = await readdir(images.folderOf(name), { recursive: true, withFileTypes: true })
      const fonts = files.filter((file) => file.isFile() && /\.(ttf|woff2)$/.test(file.name))
      const sizes = await Promise.all(
        fonts.map(async (file) => (await stat(path.join(file.parentPath, file.name))).size),
      )
      const fontBytes = sizes.reduce((sum, size) => sum + size, 0)
      expect(fontBytes, name).toBeLessThan(name === 'tickets' ? FONTS_BYTES_MAX : 1)
      expect(bytes - fontBytes, name).toBeLessThan(BYTES_MAX)
    }
  })
})

describe('started from an empty folder, with Node.js and nothing else', () => {
  test('a program can read only that folder', async () => {
    const script = `require('node:fs').readFileSync(${JSON.stringify(path.join(ROOT, 'package.json'))})`
    const flags = [
      '--permission',
      `--allow-fs-read=${images.folderOf('auth')}`,
      '--allow-net',
      '--allow-worker',
    ]
    const { stderr } = await execa(process.execPath, [...flags, '-e', script], { reject: false })
    expect(stderr).toContain('ERR_ACCESS_DENIED')
  })

  test('ops creates and migrates every database', async () => {
    expect(migrating.output()).toMatch(/^analytics: up to date, [1-9]\d* applied\n$/m)
    expect(await migrating.ended).toEqual({ code: 0, signal: null })
  })

  test('every service becomes ready, and the edge lists them and the API', async () => {
    for (const key of serviceKeys) {
      const health = async () => (await fetch(`${urlOf(key)}/actuator/health/ready`)).status
      await until(async () => expect(await health()).toBe(200)).catch((error) => {
        throw new Error(`${key}: ${error.message}\n${outputs()}`)
      })
    }
    const page = async (where: string) => (await fetch(`${urlOf('edge')}${where}`)).text()
    await until(async () =>
      expect((await page('/')).match(/class="ready"/g)).toHaveLength(serviceKeys.length),
    )
    expect(await page('/docs')).toContain('Boxoffice API')
  })

  test('secrets writes the environment of each program to its volume', async () => {
    const folder = path.join(images.data, 'secrets')
    const env = {
      SECRETS_FOLDER: folder,
      DATABASE_SERVER: 'postgres:5432',
      OWNER_ID: `${process.getuid?.()}`,
    }
    const writing = images.start('secrets', env, { args: ['secrets'], writes: true })
    expect(await writing.ended, writing.output()).toEqual({ code: 0, signal: null })
    expect(await readdir(folder)).toEqual(expect.arrayContaining([...serviceKeys]))
  })

  test('a ticket is sold, printed in its thread, and mailed', async () => {
    const people = { edge: urlOf('edge'), mailbox: urlOf('mailbox') }
    const organizer = await createPerson(
      people,
      { firstName: 'Olga', lastName: 'Organizer' },
      { organizer: true },
    )
    const request = await publishEvent(organizer, {
      name: 'Łódź Image Night',
      quantity: 10,
      unitPrice: 2_500,
    })
    const buyer = await createPerson(people, { firstName: 'Ada', lastName: 'Źdźbło' })
    const { orderId } = expectStatus(await buyer.buy({ ...request, quantity: 1 }), 201)
    const order = await buyer.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
    const ticketId = order.tickets?.[0]?.ticketId
    const printed = await fetch(`${urlOf('edge')}/api/tickets/${ticketId}/ticket.pdf`, {
      headers: buyer.headers(),
    })
    expect(printed.status).toBe(200)
    expect((await printed.text()).slice(0, 5)).toBe('%PDF-')

    const mail = await createMailReader(urlOf('mailbox')).waitFor(
      buyer.email,
      ({ attachments }) => attachments.length > 0,
    )
    expect(mail.body.html).toContain('Łódź Image Night')
    expect(mail.attachments.map(({ contentType }) => contentType)).toContain('application/pdf')
  })

  test('no program logs an error', () => {
    for (const { name, output } of running)
      expect(output(), name).not.toMatch(/ERR_ACCESS_DENIED|Cannot find|"level":(50|60)/)
  })

  test('each exits with code 0 on SIGTERM', async () => {
    expect(running.map(({ name }) => name).sort()).toEqual([...serviceKeys, 'edge', 'sandbox'].sort())
    for (const program of running)
      expect(await program.stop(), `${program.name}\n${program.output()}`).toEqual({ code: 0, signal: null })
  })
})
