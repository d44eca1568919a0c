import { X509Certificate } from 'node:crypto'
import { serviceKeys } from '@boxoffice/contracts'
import { readEnvironment } from '@boxoffice/service-kit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createCertificate } from '../src/cli/machine.ts'
import { buildProgram } from '../src/cli/program.ts'
import { changesOf, fillSecrets, owners, type Stored } from '../src/cli/secrets.ts'
import { schemas, secretsOf } from '../src/service-environment.ts'
import { createFakeCloud } from './fake-cloud.ts'

const nothing = Object.fromEntries(owners.map((owner) => [owner, {}])) as Stored
const gateway = { secretKey: 'sk_test_1' }

describe('secrets', () => {
  test('missing secrets are created, and every service has the public keys of the others', () => {
    const filled = fillSecrets(nothing, gateway)
    const keys = serviceKeys.map((key) => {
      expect(Object.keys(filled[key]).sort()).toEqual(secretsOf(key).sort())
      const own = z.object(
        Object.fromEntries(secretsOf(key).map((name) => [name, schemas[key].shape[name] as z.ZodType])),
      )
      const read = readEnvironment(own, filled[key])
      return (read.SERVICE_PUBLIC_KEYS as { keys: { kid: string }[] }).keys.map(({ kid }) => kid).sort()
    })
    expect(new Set(keys.map(String)).size).toBe(1)
    expect(keys[0]).toEqual([
      'analytics-service',
      'auth-service',
      'boxoffice-cli',
      'event-service',
      'notification-service',
      'payment-service',
      'ticket-service',
    ])
    const sealed = JSON.parse(filled.auth.NOTIFICATIONS_PUBLIC_KEY ?? '')
    const opened = JSON.parse(filled.notifications.NOTIFICATIONS_PRIVATE_KEY ?? '')
    expect(sealed).toMatchObject({ x: opened.x, y: opened.y })
    expect(sealed.d).toBeUndefined()
  })

  test('existing secrets are kept; passed gateway keys replace stored ones', () => {
    const before = fillSecrets(nothing, gateway)
    expect(fillSecrets(before, {})).toEqual(before)
    const after = fillSecrets(before, { secretKey: 'sk_live_2', webhookSecret: 'whsec_2' })
    expect(changesOf(before, after)).toEqual([
      'payments: STRIPE_SECRET_KEY',
      'payments: STRIPE_WEBHOOK_SECRET',
    ])
  })

  test('a lost key is replaced and its public half distributed; a second public key is kept', () => {
    const before = fillSecrets(nothing, gateway)
    const { SERVICE_PRIVATE_KEY: _, ...others } = before.tickets
    const after = fillSecrets({ ...before, tickets: others }, {})
    expect(changesOf(before, after).sort()).toEqual(
      [...serviceKeys.map((key) => `${key}: SERVICE_PUBLIC_KEYS`), 'tickets: SERVICE_PRIVATE_KEY'].sort(),
    )
    const keys = JSON.parse(before.auth.SERVICE_PUBLIC_KEYS ?? '')
    const two = JSON.stringify({ keys: [...keys.keys, { ...keys.keys[0], kid: 'next' }] })
    expect(
      fillSecrets({ ...before, auth: { ...before.auth, SERVICE_PUBLIC_KEYS: two } }, {}).auth
        .SERVICE_PUBLIC_KEYS,
    ).toBe(two)
  })

  test('both halves of the notifications key are replaced together', () => {
    const before = fillSecrets(nothing, gateway)
    const { NOTIFICATIONS_PRIVATE_KEY: _, ...others } = before.notifications
    const after = fillSecrets({ ...before, notifications: others }, {})
    expect(changesOf(before, after).sort()).toEqual([
      'auth: NOTIFICATIONS_PUBLIC_KEY',
      'notifications: NOTIFICATIONS_PRIVATE_KEY',
    ])
  })

  test('a missing gateway key is refused with the fix', () => {
    expect(() => fillSecrets(nothing, {})).toThrow(/set STRIPE_SECRET_KEY/)
  })
})

/**
 * The command line over an in-memory account; its calls to this machine are recorded in order with the calls
 * to the account.
 */
function start(
  options: Parameters<typeof createFakeCloud>[0] & {
    docker?: boolean
    answers?: (number | null)[]
    gateway?: { secretKey?: string }
  } = {},
) {
  const account = createFakeCloud(options)
  const said: string[] = []
  const answers = options.answers ?? [null, 503, 200]
  const program = buildProgram({
    region: undefined,
    gateway: options.gateway ?? gateway,
    createCloud: () => account.cloud,
    machine: {
      async requireDocker() {
        if (options.docker === false) throw new Error('no Docker engine is running')
      },
      async runCdk(args, environment, settings) {
        account.done.push(`cdk ${args.join(' ')} for ${environment} in ${settings.region}`)
      },
      createCertificate,
      askUrl: async (url, { trusted }) => {
        account.done.push(`ask ${url}${trusted ? '' : ' untrusted'}`)
        return answers.shift() ?? null
      },
      wait: async () => {},
    },
    say: (line) => said.push(line),
  })
  return { ...account, said, run: (command: string) => program.run(command.split(' ')) }
}
const FIRST = 'deploy --env dev --operators operators@example.com'

describe('deploy', () => {
  test('runs all steps in order, waits for an answer and prints the address', async () => {
    const { run, done, said } = start()
    expect(await run(FIRST)).toBe(0)
    const deploy = (stacks: string, more = '') =>
      `cdk deploy ${stacks} --exclusively --require-approval never --progress events${more} for dev in ` +
      'eu-west-1'
    const stacks = ['network', 'messaging', 'data', 'edge'].map((name) => `boxoffice-dev-${name}`).join(' ')
    const url = 'https://boxoffice-dev-1.elb.amazonaws.com'
    expect(done.filter((step) => !step.startsWith('secret '))).toEqual([
      'remember /boxoffice/dev/settings',
      'cdk bootstrap aws://111122223333/eu-west-1 for dev in eu-west-1',
      'certificate -----BEGIN CERTIFICATE----- -----BEGIN PRIVATE KEY-----',
      'remember /boxoffice/dev/settings',
      'ask operators@example.com to confirm itself',
      deploy(
        stacks,
        ' --parameters boxoffice-dev-edge:CertificateArn=arn:aws:acm:eu-west-1:111122223333:certificate/1',
      ),
      'task boxoffice-dev boxoffice-dev-migrations subnet-1+subnet-2 sg-1: migrate',
      deploy('boxoffice-dev-services'),
      deploy('boxoffice-dev-observability'),
      ...Array.from({ length: 3 }, () => `ask ${url}/api/events untrusted`),
      'task boxoffice-dev boxoffice-dev-operations subnet-1+subnet-2 sg-1: status',
      'remember /boxoffice/dev/settings',
    ])
    expect(done.filter((step) => step.startsWith('secret '))).toEqual(
      owners.map((owner) => `secret boxoffice/dev/${owner}`),
    )
    expect(said).toContain('auth: 3 migrations')
    expect(said.at(-2)).toBe(url)
    expect(said.join()).not.toMatch(/sk_test|"d":/)
  })

  test('saves the settings: a second deployment needs no options and creates no certificate', async () => {
    const { run, done, parameters } = start({ answers: [200, 200] })
    expect(await run(FIRST)).toBe(0)
    done.length = 0
    expect(await run('deploy --env dev')).toBe(0)
    expect(done.filter((step) => /^(remember|certificate|secret)/.test(step))).toEqual([])
    expect(JSON.parse(parameters.get('/boxoffice/dev/settings') ?? '')).toMatchObject({
      operators: 'operators@example.com',
      account: '111122223333',
    })
  })

  test('a domain added later replaces the self-signed certificate', async () => {
    const { run, done } = start({ answers: [200, 200] })
    expect(await run(FIRST)).toBe(0)
    done.length = 0
    expect(await run('deploy --env dev --domain dev.example.com --zone Z0123456789ABC')).toBe(0)
    expect(done.filter((step) => /CertificateArn|untrusted|confirm/.test(step))).toEqual([])
  })

  test('prod is protected once its first deployment has completed, and not before', async () => {
    const command =
      'deploy --env prod --operators a@example.com --domain tickets.example.com --zone Z0123456789ABC'
    const failed = start({ answers: [] })
    expect(await failed.run(command)).toBe(1)
    expect(failed.done.filter((step) => step.startsWith('protect'))).toEqual([])
    const { run, done, parameters } = start({ answers: [200] })
    expect(await run(command)).toBe(0)
    expect(done.filter((step) => step.startsWith('protect'))).toHaveLength(6)
    expect(JSON.parse(parameters.get('/boxoffice/prod/settings') ?? '')).toMatchObject({ established: true })
  })

  test('without the gateway’s key nothing is created', async () => {
    const { run, done, said } = start({ gateway: {} })
    expect(await run(FIRST)).toBe(1)
    expect(done).toEqual([])
    expect(said.at(-1)).toMatch(/set STRIPE_SECRET_KEY/)
  })

  test('a failed migration leaves the services unchanged', async () => {
    const { run, done, said } = start({
      task: [{ lines: ['payments: relation "x" exists'], exitCode: 1, reason: 'Essential container exited' }],
    })
    expect(await run(FIRST)).toBe(1)
    expect(done.some((step) => step.includes('boxoffice-dev-services'))).toBe(false)
    expect(said).toContain('payments: relation "x" exists')
    expect(said.at(-1)).toMatch(/migrations failed: the services still run the previous version/)
  })

  test.each([
    ['deploy --env prod --operators a@example.com', /prod needs a domain/],
    ['deploy --env dev', /--operators <mail address>/],
  ])('%s is refused before anything is created', async (command, sentence) => {
    const { run, done, said } = start()
    expect(await run(command)).toBe(1)
    expect(said.at(-1)).toMatch(sentence)
    expect(done).toEqual([])
  })

  test('without a Docker engine nothing is created', async () => {
    const { run, done } = start({ docker: false })
    expect(await run(FIRST)).toBe(1)
    expect(done).toEqual([])
  })

  test('an address that never answers is a failure that names a runbook', async () => {
    const { run, said } = start({ answers: [] })
    expect(await run(FIRST)).toBe(1)
    expect(said.at(-1)).toMatch(/does not answer: see docs\/runbooks\/no-healthy-tasks\.md/)
  })

  test('a dry run prints every step and every stack, and makes no calls', async () => {
    const { run, done, said } = start()
    expect(await run('deploy --env prod --dry-run')).toBe(0)
    expect(done).toEqual([])
    for (const word of ['migrate', 'boxoffice-prod-services', 'boxoffice-prod-observability', 'health'])
      expect(said.join('\n')).toContain(word)
    expect(said.at(-1)).toMatch(
      /^Required, unless an earlier deployment has saved it: alarms need a recipient/,
    )
  })
})

describe('the other commands', () => {
  test('operate runs the operators’ command line inside the network; returns output and code', async () => {
    const { run, done, said } = start({
      task: [
        { lines: [], exitCode: null },
        { lines: ['notification-dlq 3'], exitCode: null },
        { lines: [], exitCode: 1 },
        { lines: ['one is left'], exitCode: 1 },
      ],
    })
    expect(await run('operate --env dev dlq requeue notification-dlq --all')).toBe(1)
    expect(done).toEqual([
      'task boxoffice-dev boxoffice-dev-operations subnet-1+subnet-2 sg-1: ' +
        'dlq requeue notification-dlq --all',
    ])
    expect(said).toEqual(['notification-dlq 3', 'one is left'])
  })

  test('destroy refuses prod', async () => {
    const { run, done } = start()
    expect(await run('destroy --env prod')).toBe(1)
    expect(done).toEqual([])
    expect(await run('destroy --env dev')).toBe(0)
    expect(done).toEqual(['cdk destroy --force boxoffice-dev-* for dev in eu-west-1'])
  })

  test('invalid usage exits with code 2', async () => {
    const { run, done } = start()
    for (const command of [
      'deploy',
      'deploy --env staging',
      'deploy --env dev --domain not_a_domain',
      'operate --env dev',
    ]) {
      expect(await run(command), command).toBe(2)
    }
    expect(done).toEqual([])
  })
})

test('a load balancer accepts the self-signed certificate', async () => {
  const { certificate } = await createCertificate('dev')
  const parsed = new X509Certificate(certificate)
  expect(certificate).toMatch(/BEGIN CERTIFICATE/)
  expect(parsed.signatureAlgorithm).toMatch(/sha256/i)
  expect(parsed.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
  expect(parsed.validToDate.getTime() - Date.now()).toBeGreaterThan(365 * 86_400_000)
})
