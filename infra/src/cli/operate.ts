import type { EnvironmentName } from '../environments.ts'
import { CannotDeploy } from './cannot-deploy.ts'
import type { Cloud } from './cloud.ts'

const CONTAINER = 'boxoffice'
const LOOK_MS = 2_000

/**
 * Run the operators' command line inside the environment's network, as a task that ends, and say what it says
 * as it says it; its exit code. Throws CannotDeploy when the environment is not there.
 */
export async function operate(
  cloud: Cloud,
  environment: EnvironmentName,
  command: string[],
  out: { say: (line: string) => void; wait: (ms: number) => Promise<unknown> },
): Promise<number> {
  const { say, wait } = out
  const outputs = await cloud.findOutputs(`boxoffice-${environment}-network`)
  if (!outputs?.OneShotSubnets || !outputs.OneShotGroup) {
    throw new CannotDeploy(`there is no environment ${environment} in this account and region`)
  }
  const cluster = `boxoffice-${environment}`
  const name = command[0] === 'migrate' ? 'migrations' : 'operations'
  const taskId = await cloud.runTask({
    cluster,
    definition: `boxoffice-${environment}-${name}`,
    subnets: outputs.OneShotSubnets.split(','),
    group: outputs.OneShotGroup,
    container: CONTAINER,
    command,
  })
  const log = { group: `/boxoffice/${environment}/operations`, stream: `${name}/${CONTAINER}/${taskId}` }
  for (;;) {
    const { lines, exitCode, reason } = await cloud.lookAtTask(cluster, taskId, log)
    for (const line of lines) say(line)
    if (exitCode !== null) {
      // What it said last may reach the log after it has ended.
      await wait(LOOK_MS)
      for (const line of (await cloud.lookAtTask(cluster, taskId, log)).lines) say(line)
      if (exitCode !== 0 && reason) say(`the task ended: ${reason}`)
      return exitCode
    }
    await wait(LOOK_MS)
  }
}
