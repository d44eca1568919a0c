import type { EnvironmentDefinition } from '../environments.ts'
import { certificateOf, type Settings, senderOf } from '../settings.ts'
import { CannotDeploy } from './cannot-deploy.ts'
import type { Cloud } from './cloud.ts'
import { operate } from './operate.ts'
import { changesOf, fillSecrets, MISSING_GATEWAY_KEY, type Owner, owners, type Stored } from './secrets.ts'
import { recallSettings, rememberSettings } from './settings-store.ts'

/** What a deployment does on this machine and to AWS. Each rejects with what went wrong. */
export interface Surroundings {
  cloud: Cloud
  /** Docker answers. */
  requireDocker(): Promise<void>
  /** Prepare the account and region for CDK, where they are not yet. */
  bootstrap(account: string, settings: Settings): Promise<void>
  /** Build and push images, and bring these stacks up to date. */
  deployStacks(stacks: readonly string[], settings: Settings): Promise<void>
  createCertificate(): Promise<{ certificate: string; privateKey: string }>
  /**
   * The status that a URL answers with; null when nothing does. `trusted`: whether its certificate must be
   * good.
   */
  askUrl(url: string, options: { trusted: boolean }): Promise<number | null>
  wait(ms: number): Promise<unknown>
  say(line: string): void
}

interface Deployment {
  environment: EnvironmentDefinition
  given: Partial<Settings>
  gateway: { secretKey?: string; webhookSecret?: string }
}

/**
 * A step of a deployment: what it is called, what it will do, and the doing. Steps share what they found out.
 */
export interface Step {
  name: string
  what: string
  run(): Promise<void>
}

const HEALTH_MS = 600_000
const HEALTH_PAUSE_MS = 5_000

const stackOf = ({ name }: EnvironmentDefinition, stack: string) => `boxoffice-${name}-${stack}`
const before = ['network', 'messaging', 'data', 'edge'] as const
const allStacks = [...before, 'services', 'observability'] as const

/** What earlier steps found out. */
interface Progress {
  settings: Settings
  account: string
}

/** Returns the steps of a deployment in order: each needs those before it, and all are safe to repeat. */
export function stepsOf(deployment: Deployment, around: Surroundings): Step[] {
  // The first step sets both.
  const progress = { account: '' } as Progress
  return [...preparationSteps(deployment, around, progress), ...rolloutSteps(deployment, around, progress)]
}

function preparationSteps(
  { environment, given, gateway }: Deployment,
  around: Surroundings,
  progress: Progress,
): Step[] {
  const { cloud, say } = around
  const { name } = environment
  return [
    {
      name: 'check',
      what: 'AWS credentials, the Docker engine, and the settings: those of earlier deployments, with what is given now over them',
      async run() {
        progress.account = await cloud.account()
        await around.requireDocker()
        progress.settings = await recallSettings(cloud, name, { ...given, account: progress.account })
        requireSettings(environment, progress.settings)
        await requireGatewayKey(cloud, name, gateway)
        await rememberSettings(cloud, name, progress.settings)
        say(`account ${progress.account}, region ${progress.settings.region}`)
      },
    },
    {
      name: 'bootstrap',
      what: 'the bucket and the registry that CDK needs, once for an account and region',
      run: () => around.bootstrap(progress.account, progress.settings),
    },
    {
      name: 'certificate',
      what: 'without a domain: one that signs itself, once; with a domain it is made with the load balancer',
      async run() {
        if (progress.settings.domain || certificateOf(progress.settings)) return
        const selfSigned = await cloud.importCertificate(await around.createCertificate())
        progress.settings = { ...progress.settings, selfSigned }
        await rememberSettings(cloud, name, progress.settings)
        say('made one that signs itself: browsers will warn until there is a domain')
      },
    },
    {
      name: 'sender',
      what: 'without a domain: SES asks the address that mails come from to confirm itself',
      async run() {
        if (progress.settings.domain || (await cloud.verifySender(senderOf(progress.settings)))) return
        say(`SES has mailed ${senderOf(progress.settings)} a link: no mail is sent before it is followed`)
      },
    },
  ]
}

function rolloutSteps(
  { environment, gateway }: Deployment,
  around: Surroundings,
  progress: Progress,
): Step[] {
  const { cloud, say } = around
  const { name } = environment
  return [
    {
      name: 'foundation',
      what: `${before.map((stack) => stackOf(environment, stack)).join(', ')}; the image of the operators' command line`,
      run: () =>
        around.deployStacks(
          before.map((stack) => stackOf(environment, stack)),
          progress.settings,
        ),
    },
    {
      name: 'secrets',
      what: 'keys that are missing in Secrets Manager; what is there stays, but for gateway keys that are given now',
      run: () => fillStored(cloud, name, gateway, say),
    },
    {
      name: 'migrate',
      what: 'databases, roles and migrations, as a task that runs once; when it fails nothing more is done',
      async run() {
        const exitCode = await operate(cloud, name, ['migrate'], { say, wait: around.wait })
        if (exitCode !== 0)
          throw new CannotDeploy('the migrations failed: the services were not touched and go on as they are')
      },
    },
    {
      name: 'services',
      what: `${stackOf(environment, 'services')}; the images of the six services; each rolls, and rolls back when it does not come up`,
      run: () => around.deployStacks([stackOf(environment, 'services')], progress.settings),
    },
    {
      name: 'observability',
      what: `${stackOf(environment, 'observability')}: alarms, dashboard, budget`,
      run: () => around.deployStacks([stackOf(environment, 'observability')], progress.settings),
    },
    {
      name: 'health',
      what: `wait until the public address answers, say how every service and queue is${environment.keepsData ? ', protect the stacks' : ''}, print the address`,
      async run() {
        const url = (await cloud.findOutputs(stackOf(environment, 'edge')))?.Url ?? ''
        await waitForAnswer(`${url}/api/events`, around, {
          trusted: certificateOf(progress.settings) !== progress.settings.selfSigned,
        })
        await operate(cloud, name, ['status'], { say, wait: around.wait })
        if (!progress.settings.established)
          await rememberSettings(cloud, name, { ...progress.settings, established: true })
        if (environment.keepsData)
          for (const stack of allStacks) await cloud.protectStack(stackOf(environment, stack))
        say(url)
      },
    },
  ]
}

/** Say what each step does and do it. The first that fails ends the deployment. */
export async function runSteps(steps: readonly Step[], around: Pick<Surroundings, 'say'>): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const startedAt = performance.now()
    around.say(`[${index + 1}/${steps.length}] ${step.name}`)
    await step.run()
    around.say(`    done in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
  }
}

/** The plan, for people: every step with what it would do. */
export const planOf = (steps: readonly Step[]): string[] =>
  steps.map(({ name, what }, index) => `${String(index + 1).padStart(2)}. ${name.padEnd(15)}${what}`)

/** What a first deployment still has to be told, a sentence each. */
export function findMissing({ name }: EnvironmentDefinition, settings: Settings): string[] {
  const missing: string[] = []
  if (name === 'prod' && !settings.domain) {
    missing.push(
      'prod needs a domain: --domain tickets.example.com --zone <id of its hosted zone in Route 53>',
    )
  }
  if (!settings.operators) missing.push('nobody would hear an alarm: --operators <mail address>')
  return missing
}

function requireSettings(environment: EnvironmentDefinition, settings: Settings): void {
  const missing = findMissing(environment, settings)
  if (missing.length > 0) throw new CannotDeploy(missing.join('\n'))
}

/** Before anything is made: Aurora takes a quarter of an hour, and no service starts without this key. */
async function requireGatewayKey(
  cloud: Cloud,
  name: string,
  { secretKey }: Deployment['gateway'],
): Promise<void> {
  if (secretKey || (await cloud.findSecret(`boxoffice/${name}/payments`))?.STRIPE_SECRET_KEY) return
  throw new CannotDeploy(MISSING_GATEWAY_KEY)
}

async function fillStored(
  cloud: Cloud,
  name: string,
  gateway: Deployment['gateway'],
  say: (line: string) => void,
): Promise<void> {
  const idOf = (owner: Owner) => `boxoffice/${name}/${owner}`
  const read = async (owner: Owner) => {
    const { unused: _, ...variables } = { ...(await cloud.findSecret(idOf(owner))) } // CloudFormation cannot make an empty one
    return [owner, variables] as const
  }
  const stored = Object.fromEntries(await Promise.all(owners.map(read))) as Stored
  const filled = fillSecrets(stored, gateway)
  for (const change of changesOf(stored, filled)) say(`set ${change}`)
  for (const owner of owners) {
    if (changesOf(stored, filled).some((change) => change.startsWith(`${owner}:`)))
      await cloud.putSecret(idOf(owner), filled[owner])
  }
}

async function waitForAnswer(
  url: string,
  around: Surroundings,
  options: { trusted: boolean },
): Promise<void> {
  for (let waitedMs = 0; waitedMs < HEALTH_MS; waitedMs += HEALTH_PAUSE_MS) {
    if ((await around.askUrl(url, options)) === 200) return
    await around.wait(HEALTH_PAUSE_MS)
  }
  throw new CannotDeploy(`${url} does not answer: see docs/runbooks/no-healthy-tasks.md`)
}
