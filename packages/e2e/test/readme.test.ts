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
import { z } from 'zod'
import { anchorsOf, fencesUnder, linksOf, tableUnder, variablesUnder } from '../src/readme.ts'
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

  test('are five, and mean the same in a terminal and in a script', () => {
    expect(commands.map((command) => command.match(/\bcurl\b/g)?.length)).toEqual([1, 1, 1, 1, 1])
    // `!` is history expansion in bash, and zsh has no comments at its prompt.
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

test('every link inside the repository has a target', () => {
  const links = pages.flatMap((page) => linksOf(read(page)).map((link) => ({ page, ...link })))
  const broken = links.filter(({ page, path: to, anchor }) => {
    const file = to ? path.join(path.dirname(page), to) : page
    if (!existsSync(path.join(root, file))) return true
    return anchor !== null && !anchorsOf(read(file)).includes(anchor)
  })
  expect(links.length).toBeGreaterThan(20)
  expect(broken).toEqual([])
})

describe('docs/configuration.md', () => {
  const page = read('docs/configuration.md')
  const shared = documentedDefaults({ ...baseEnvironment, ...messagingEnvironment })

  test('lists every variable that all services read, with its default, and no other', () => {
    expect(Object.fromEntries(rowsUnder('All services'))).toEqual(shared)
    expectDescribedOnce('All services')
  })

  test.each(serviceKeys)(
    'lists every further variable of %s, with its default, and no other',
    async (key) => {
      const all = documentedDefaults(await environmentOf(key))
      // A variable is listed again if the service has another default for it.
      const own = Object.entries(all).filter(([name, standard]) => shared[name] !== standard)
      expect(Object.fromEntries(rowsUnder(headingOf(key)))).toEqual(Object.fromEntries(own))
      expect(Object.keys(all)).toEqual(expect.arrayContaining(Object.keys(shared)))
      expectDescribedOnce(headingOf(key))
    },
  )

  test.each(serviceKeys)('mentions only existing variables in the section of %s', async (key) => {
    for (const { name, of } of variablesUnder(page, headingOf(key))) {
      const owner = serviceKeys.find((candidate) => services[candidate].name === `${of}-service`) ?? key
      expect(Object.keys(await environmentOf(owner))).toContain(name)
    }
  })

  test.each(serviceKeys)('is linked from the README of %s, at its section', (key) => {
    expect(linksOf(read(`services/${key}/README.md`))).toContainEqual({
      path: '../../docs/configuration.md',
      anchor: key,
    })
  })

  /** Returns the variables and defaults of a section's table. */
  function rowsUnder(heading: string): [name: string, standard: string][] {
    return tableUnder(page, heading).map(([name = '', standard = '']) => [name.replaceAll('`', ''), standard])
  }

  function expectDescribedOnce(heading: string) {
    const rows = tableUnder(page, heading)
    expect(
      rows.filter(([name, , description]) => !/^`[A-Z0-9_]+`$/.test(name ?? '') || !description),
    ).toEqual([])
    expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length)
  }
})

/** Returns the page's heading for a service: its key, capitalized. */
const headingOf = (key: ServiceKey) => key.charAt(0).toUpperCase() + key.slice(1)

/** Returns the schema of each variable that a service reads. */
async function environmentOf(key: ServiceKey): Promise<z.ZodRawShape> {
  const { Environment } = await import(pathToFileURL(path.join(root, 'services', key, 'src/config.ts')).href)
  return Environment.shape
}

/** Returns the default of each variable as the page writes it. */
function documentedDefaults(environment: z.ZodRawShape): Record<string, string> {
  const { properties = {}, required = [] } = z.toJSONSchema(z.object(environment), {
    io: 'input',
    unrepresentable: 'any',
  })
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const standard = typeof schema === 'object' ? schema.default : undefined
      if (required.includes(name)) return [name, 'required']
      if (standard === undefined) return [name, 'none']
      return [name, standard === '' ? 'empty' : `\`${standard}\``]
    }),
  )
}
