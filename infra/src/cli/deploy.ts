import type { EnvironmentDefinition } from '../environments.ts'
import { certificateOf, type Settings, senderOf } from '../settings.ts'
import { CannotDeploy } from './cannot-deploy.ts'
import type { Cloud } from './cloud.ts'
import { operate } from './operate.ts'
import { changesOf, fillSecrets, MISSING_GATEWAY_KEY, type Owner, owners, type Stored } from './secrets.ts'
import { recallSettings, rememberSettings } from './settings-store.ts'

/** The side effects of a deployment, on this machine and on AWS. Each rejects with the cause of a failure. */
export interface Surroundings {
  cloud: Cloud
  /** Rejects if no Docker engine is running. */
  requireDocker(): Promise<void>
  /** Bootstraps CDK in the account and region, if that has not been done. */
  bootstrap(account: string, settings: Settings): Promise<void>
  /** Builds and pushes images, and deploys these stacks. */
  deployStacks(stacks: readonly string[], settings: Settings): Promise<void>
  createCertificate(): Promise<{ certificate: string; privateKey: string }>
  /**
   * Returns the HTTP status of a URL; null if the request fails. `trusted`: whether its certificate must be
   * valid.
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

/** A step of a deployment: its name, its description for the plan, and the action. */
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

/** Results of earlier steps. */
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
      what:
        'check AWS credentials, the Docker engine and the settings; options override the settings of ' +
        'earlier deployments',
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
      what: 'create the bucket and the registry that CDK needs, once per account and region',
      run: () => around.bootstrap(progress.account, progress.settings),
    },
    {
      name: 'certificate',
      what:
        'without a domain, create a self-signed certificate, once; with a domain, ' +
        'the edge stack creates one',
      async run() {
        if (progress.settings.domain || certificateOf(progress.settings)) return
        const selfSigned = await cloud.importCertificate(await around.createCertificate())
        progress.settings = { ...progress.settings, selfSigned }
        await rememberSettings(cloud, name, progress.settings)
        say('created a self-signed certificate: browsers will warn until a domain is configured')
      },
    },
    {
      name: 'sender',
      what: 'without a domain, have SES verify the sender address',
      async run() {
        if (progress.settings.domain || (await cloud.verifySender(senderOf(progress.settings)))) return
        say(
          `SES has mailed a verification link to ${senderOf(progress.settings)}: ` +
            'no mail is sent until it is opened',
        )
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
      what:
        `deploy ${before.map((stack) => stackOf(environment, stack)).join(', ')}; ` +
        "build the image of the operators' command line",
      run: () =>
        around.deployStacks(
          before.map((stack) => stackOf(environment, stack)),
          progress.settings,
        ),
    },
    {
      name: 'secrets',
      what:
        'create missing keys in Secrets Manager; existing keys are kept, ' +
        'except gateway keys that are passed now',
      run: () => fillStored(cloud, name, gateway, say),
    },
    {
      name: 'migrate',
      what:
        'create databases and roles and run migrations, as a one-off task; if it fails, ' +
        'the deployment stops',
      async run() {
        const exitCode = await operate(cloud, name, ['migrate'], { say, wait: around.wait })
        if (exitCode !== 0)
          throw new CannotDeploy('the migrations failed: the services still run the previous version')
      },
    },
    {
      name: 'services',
      what:
        `deploy ${stackOf(environment, 'services')}; build the images of the six services; ` +
        'a service that does not become healthy is rolled back',
      run: () => around.deployStacks([stackOf(environment, 'services')], progress.settings),
    },
    {
      name: 'observability',
      what: `deploy ${stackOf(environment, 'observability')}: alarms, dashboard, budget`,
      run: () => around.deployStacks([stackOf(environment, 'observability')], progress.settings),
    },
    {
      name: 'health',
      what:
        'wait until the public address answers, print the status of every service and ' +
        `queue${environment.keepsData ? ', protect the stacks' : ''}, print the address`,
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

/** Runs the steps in order and prints the progress. The first failure ends the deployment. */
export async function runSteps(steps: readonly Step[], around: Pick<Surroundings, 'say'>): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const startedAt = performance.now()
    around.say(`[${index + 1}/${steps.length}] ${step.name}`)
    await step.run()
    around.say(`    done in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
  }
}

/** Returns the plan as text: each step with its description. */
export const planOf = (steps: readonly Step[]): string[] =>
  steps.map(({ name, what }, index) => `${String(index + 1).padStart(2)}. ${name.padEnd(15)}${what}`)

/** Returns what a first deployment still requires, one sentence each. */
export function findMissing({ name }: EnvironmentDefinition, settings: Settings): string[] {
  const missing: string[] = []
  if (name === 'prod' && !settings.domain) {
    missing.push(
      'prod needs a domain: --domain tickets.example.com --zone <id of its hosted zone in Route 53>',
    )
  }
  if (!settings.operators) missing.push('alarms need a recipient: --operators <mail address>')
  return missing
}

function requireSettings(environment: EnvironmentDefinition, settings: Settings): void {
  const missing = findMissing(environment, settings)
  if (missing.length > 0) throw new CannotDeploy(missing.join('\n'))
}

/**
 * Checked before anything is created: Aurora takes a quarter of an hour, and no service starts without this
 * key.
 */
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
    // CloudFormation cannot create an empty secret
    const { unused: _, ...variables } = { ...(await cloud.findSecret(idOf(owner))) }
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
