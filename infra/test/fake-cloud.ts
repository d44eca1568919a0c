import type { Cloud } from '../src/cli/cloud.ts'
import { type Owner, owners } from '../src/cli/secrets.ts'
import type { TaskState } from '../src/cli/task-runner.ts'

/** An in-memory account in which the foundation stacks exist; records every call in `done`. */
export function createFakeCloud(
  options: { task?: TaskState[]; secrets?: Partial<Record<Owner, Record<string, string>>> } = {},
) {
  const done: string[] = []
  const parameters = new Map<string, string>()
  const secrets = new Map(
    (['dev', 'prod'] as const).flatMap((name) =>
      owners.map((owner): [string, Record<string, string>] => [
        `boxoffice/${name}/${owner}`,
        options.secrets?.[owner] ?? { unused: 'x' },
      ]),
    ),
  )
  const states = options.task ?? [
    { lines: ['auth: 3 migrations'], exitCode: null },
    { lines: ['done'], exitCode: 0 },
    { lines: [], exitCode: 0 },
  ]
  const cloud: Cloud = {
    account: async () => '111122223333',
    async findOutputs(stack): Promise<Record<string, string> | null> {
      if (/^boxoffice-(dev|prod)-network$/.test(stack))
        return { OneShotSubnets: 'subnet-1,subnet-2', OneShotGroup: 'sg-1' }
      if (/^boxoffice-(dev|prod)-edge$/.test(stack))
        return { Url: 'https://boxoffice-dev-1.elb.amazonaws.com' }
      return null
    },
    findParameter: async (name) => parameters.get(name) ?? null,
    async putParameter(name, value) {
      done.push(`remember ${name}`)
      parameters.set(name, value)
    },
    findSecret: async (name) => secrets.get(name) ?? null,
    async verifySender(address) {
      done.push(`ask ${address} to confirm itself`)
      return false
    },
    async protectStack(stack) {
      done.push(`protect ${stack}`)
    },
    async putSecret(name, value) {
      done.push(`secret ${name}`)
      secrets.set(name, value)
    },
    async importCertificate({ certificate, privateKey }) {
      done.push(`certificate ${certificate.split('\n')[0]} ${privateKey.split('\n')[0]}`)
      return 'arn:aws:acm:eu-west-1:111122223333:certificate/1'
    },
    async runTask({ cluster, definition, subnets, group, command }) {
      done.push(`task ${cluster} ${definition} ${subnets.join('+')} ${group}: ${command.join(' ')}`)
      return 'task-1'
    },
    async lookAtTask() {
      return states.shift() ?? { lines: [], exitCode: 0 }
    },
  }
  return { cloud, done, parameters, secrets }
}
