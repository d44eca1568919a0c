import { Command, InvalidArgumentError, Option } from 'commander'
import { type EnvironmentName, environmentNames, environments } from '../environments.ts'
import { certificateOf, readSettings, Settings } from '../settings.ts'
import { CannotDeploy } from './cannot-deploy.ts'
import type { Cloud } from './cloud.ts'
import { findMissing, planOf, runSteps, type Surroundings, stepsOf } from './deploy.ts'
import { operate } from './operate.ts'
import { recallSettings } from './settings-store.ts'
import { describeStacks } from './stacks.ts'

/** The outside world of the commands. */
export interface Reach {
  region: string | undefined
  gateway: { secretKey?: string; webhookSecret?: string }
  createCloud(region: string): Cloud
  machine: Pick<Surroundings, 'requireDocker' | 'askUrl' | 'wait'> & {
    runCdk(
      args: readonly string[],
      environment: EnvironmentName | undefined,
      settings: Settings,
    ): Promise<void>
    createCertificate(environment: EnvironmentName): Promise<{ certificate: string; privateKey: string }>
  }
  say(line: string): void
}

type Given = Partial<Settings> & { env: EnvironmentName }

const DEFAULT_REGION = 'eu-west-1'
const { shape } = Settings
/** Settings that are options; the deployment determines the others. */
const options = Object.entries(shape).filter(
  ([name]) => !['account', 'selfSigned', 'established'].includes(name),
)
const dashed = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const environmentOption = () =>
  new Option('--env <name>', `the environment: ${environmentNames.join(' or ')}`)
    .choices(environmentNames)
    .makeOptionMandatory()
const settingsOf = ({ env: _, ...given }: Given): Partial<Settings> => given

/** Adds every setting as an option, validated when parsed. */
function withSettings(command: Command): Command {
  command.addOption(environmentOption())
  for (const [name, schema] of options) {
    const parse = (value: string) => {
      const { success, error } = schema.safeParse(value)
      if (!success) throw new InvalidArgumentError(error.issues[0]?.message ?? 'is invalid')
      return value
    }
    command.addOption(new Option(`--${dashed(name)} <value>`, schema.description).argParser(parse))
  }
  return command
}

/** Builds the command line of infra/. `run` returns the exit code: 0 done, 1 failed, 2 invalid usage. */
export function buildProgram(reach: Reach) {
  let exitCode = 0
  const program = new Command('infra')
    .description('Boxoffice on AWS')
    .exitOverride()
    .enablePositionalOptions()
  addStackCommands(program, reach)
  addOperate(program, reach, (code) => {
    exitCode = code
  })
  return {
    async run(args: readonly string[]): Promise<number> {
      try {
        await program.parseAsync(args, { from: 'user' })
        return exitCode
      } catch (error) {
        if (isUsage(error)) return error.exitCode === 0 ? 0 : 2 // commander has printed the reason
        reach.say(`${error instanceof Error ? error.message : error}`)
        return 1
      }
    },
  }
}

const regionOf = (reach: Reach, { region }: { region?: string }) => region ?? reach.region ?? DEFAULT_REGION
const recall = (reach: Reach, given: Given, over: Partial<Settings>) =>
  recallSettings(reach.createCloud(regionOf(reach, given)), given.env, over)

/** Adds `deploy`, `diff`, `synth` and `destroy`. */
function addStackCommands(program: Command, reach: Reach): void {
  withSettings(program.command('deploy'))
    .description(
      'build, push, migrate, deploy, wait for health, print the address; ' +
        'settings are saved for the next deployment',
    )
    .option('--dry-run', 'print the plan only; uses no network')
    .action(({ dryRun, ...given }: Given & { dryRun?: boolean }) => {
      const settings = { ...settingsOf(given), region: regionOf(reach, given) }
      return dryRun
        ? sayPlan(reach, given.env, settings)
        : runSteps(deploymentOf(reach, given.env, settings), reach)
    })
  withSettings(program.command('diff'))
    .description('print what a deployment would change, according to CloudFormation')
    .action(async (given: Given) => {
      const settings = await recall(reach, given, { ...settingsOf(given), region: regionOf(reach, given) })
      await reach.machine.runCdk(['diff', `boxoffice-${given.env}-*`], given.env, settings)
    })
  program
    .command('synth')
    .description('write the templates of every environment to infra/cdk.out and check them; uses no network')
    .action(() =>
      reach.machine.runCdk(
        ['synth', '--quiet'],
        undefined,
        readSettings(JSON.stringify({ region: DEFAULT_REGION })),
      ),
    )
  program
    .command('destroy')
    .description('delete dev with all its data; prod is protected, see docs/deployment.md')
    .addOption(environmentOption())
    .option('--region <value>', shape.region.description)
    .action(async (given: Given) => {
      if (environments[given.env].keepsData)
        throw new CannotDeploy(
          `${given.env} is protected because it keeps data: see docs/deployment.md for how to delete it`,
        )
      const settings = await recall(reach, given, { region: regionOf(reach, given) })
      await reach.machine.runCdk(['destroy', '--force', `boxoffice-${given.env}-*`], given.env, settings)
    })
}

/** Adds `operate`, whose exit code is that of the command inside the environment. */
function addOperate(program: Command, reach: Reach, onExit: (code: number) => void): void {
  program
    .command('operate')
    .description(
      "run the operators' command line inside the environment, for example: operate --env prod dlq list",
    )
    .addOption(environmentOption())
    .option('--region <value>', shape.region.description)
    .argument('<command...>', 'the arguments of `boxoffice`')
    .passThroughOptions()
    .action(async (command: string[], given: Given) => {
      const out = { say: reach.say, wait: reach.machine.wait }
      onExit(await operate(reach.createCloud(regionOf(reach, given)), given.env, command, out))
    })
}

const deploymentOf = (reach: Reach, name: EnvironmentName, given: Partial<Settings> & { region: string }) =>
  stepsOf(
    { environment: environments[name], given, gateway: reach.gateway },
    surroundingsOf(reach, name, given.region),
  )

function sayPlan(reach: Reach, name: EnvironmentName, given: Partial<Settings> & { region: string }): void {
  reach.say(`Deploying ${name} to ${given.region} runs these steps in order. Each is safe to repeat.`)
  for (const line of planOf(deploymentOf(reach, name, given))) reach.say(line)
  reach.say('The stacks, according to the current templates:')
  const settings = readSettings(JSON.stringify(given))
  for (const stack of describeStacks(environments[name], settings)) {
    reach.say(
      `    ${stack.name.padEnd(32)}${String(stack.resources).padStart(4)} resources  ` +
        `${stack.kinds.join(' ')}`,
    )
  }
  for (const sentence of findMissing(environments[name], settings))
    reach.say(`Required, unless an earlier deployment has saved it: ${sentence}`)
}

const isUsage = (error: unknown): error is { code: string; exitCode: number } =>
  typeof (error as { code?: unknown }).code === 'string' &&
  String((error as { code: string }).code).startsWith('commander.')

function surroundingsOf(reach: Reach, environment: EnvironmentName, region: string): Surroundings {
  const { machine } = reach
  return {
    ...machine,
    say: reach.say,
    cloud: reach.createCloud(region),
    createCertificate: () => machine.createCertificate(environment),
    bootstrap: (account, settings) =>
      machine.runCdk(['bootstrap', `aws://${account}/${settings.region}`], environment, settings),
    deployStacks: (stacks, settings) =>
      machine.runCdk(
        [
          'deploy',
          ...stacks,
          '--exclusively',
          '--require-approval',
          'never',
          '--progress',
          'events',
          ...parametersOf(environment, stacks, settings),
        ],
        environment,
        settings,
      ),
  }
}

/** Without a domain, the certificate is a parameter of the edge stack. */
const parametersOf = (environment: EnvironmentName, stacks: readonly string[], settings: Settings) => {
  const certificate = certificateOf(settings)
  const edge = `boxoffice-${environment}-edge`
  return certificate && stacks.includes(edge) ? ['--parameters', `${edge}:CertificateArn=${certificate}`] : []
}
