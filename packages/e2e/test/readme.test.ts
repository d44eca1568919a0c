import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import { messagingEnvironment } from '@boxoffice/messaging'
import { baseEnvironment } from '@boxoffice/service-kit'
import { seedDemo } from '@boxoffice/stack'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anchorsOf, fencesUnder, linksOf, variablesOf } from '../src/readme.ts'
import { type TestSystem, useTestSystem } from './start.ts'

const root = path.join(import.meta.dirname, '../../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const pages = globSync(['README.md', 'docs/**/*.md', '{packages,services}/*/README.md'], { cwd: root })

describe('the five curls of the README', () => {
  const commands = fencesUnder(read('README.md'), 'A purchase in five curls', 'sh')
  let running: TestSystem
  let folder: string

  beforeAll(async () => {
    running = await useTestSystem()
    folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-readme-'))
    const mailsUrl = `${running.system.urls.mailbox}/store`
    await seedDemo({ edgeUrl: running.edge, mailsUrl, folder, now: () => new Date() })
  })
  afterAll(async () => {
    running?.expectDocumented()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  test('are five, and nothing in them means another thing to a terminal than to a script', () => {
    expect(commands.map((command) => command.match(/\bcurl\b/g)?.length)).toEqual([1, 1, 1, 1, 1])
    // `!` is the history of bash, and zsh has no comments at its prompt.
    expect(commands.join('').match(/!|^\s*#/m)).toBeNull()
  })

  test('buy two tickets as pasted, and the mail arrives', async () => {
    const script = commands.join('').replaceAll('http://127.0.0.1:8000', running.edge)
    const { stdout } = await promisify(execFile)('bash', ['-c', script])
    const email = /^registered (\S+)$/m.exec(stdout)?.[1] ?? ''
    const order = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    expect(order).toMatchObject({
      status: 'CONFIRMED',
      paymentStatus: 'COMPLETED',
      totalAmount: 100,
      currency: 'USD',
    })
    expect(order.tickets).toHaveLength(2)
    expect((await running.ledger(order.orderId)).totals).toMatchObject([
      { captured: 10_000, successfulCharges: 1 },
    ])
    const mail = await running.mails.waitFor(email, ({ attachments }) => attachments.length > 0)
    expect(mail.body.text).toContain('Riverside Festival')
    expect(mail.attachments.filter(({ contentType }) => contentType === 'application/pdf')).toHaveLength(1)
  })
})

test('every link inside the repository leads somewhere', () => {
  const links = pages.flatMap((page) => linksOf(read(page)).map((link) => ({ page, ...link })))
  const broken = links.filter(({ page, path: to, anchor }) => {
    const file = to ? path.join(path.dirname(page), to) : page
    if (!existsSync(path.join(root, file))) return true
    return anchor !== null && !anchorsOf(read(file)).includes(anchor)
  })
  expect(links.length).toBeGreaterThan(20)
  expect(broken).toEqual([])
})

describe.each(serviceKeys)('the configuration of %s', (key) => {
  test('is described as the service reads it: every variable there is, and none that is not', async () => {
    const named = variablesOf(read(`services/${key}/README.md`))
    const strangers: string[] = []
    for (const { name, of } of named) {
      const owner = serviceKeys.find((candidate) => services[candidate].name === `${of}-service`) ?? key
      if (!(await variablesReadBy(owner)).includes(name)) strangers.push(name)
    }
    expect(strangers).toEqual([])
    const shared = new Set([...Object.keys(baseEnvironment), ...Object.keys(messagingEnvironment), 'PORT'])
    const own = (await variablesReadBy(key)).filter((name) => !shared.has(name))
    expect(own.filter((name) => !named.some((variable) => variable.name === name))).toEqual([])
  })
})

/** What a service's schema of its environment names. */
async function variablesReadBy(key: ServiceKey): Promise<string[]> {
  const { Environment } = await import(pathToFileURL(path.join(root, 'services', key, 'src/config.ts')).href)
  return Object.keys(Environment.shape)
}
