import type { EnvironmentName } from '../environments.ts'
import { CannotDeploy } from './cannot-deploy.ts'
import type { Cloud } from './cloud.ts'

const CONTAINER = 'boxoffice'
const LOOK_MS = 2_000

/**
 * Runs the operators' command line as a one-off task in the environment's network, prints its output as it
 * arrives, and returns its exit code. Throws CannotDeploy if the environment does not exist.
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
    throw new CannotDeploy(`environment ${environment} does not exist in this account and region`)
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
      // The last lines may reach the log after the task has ended.
      await wait(LOOK_MS)
      for (const line of (await cloud.lookAtTask(cluster, taskId, log)).lines) say(line)
      if (exitCode !== 0 && reason) say(`the task ended: ${reason}`)
      return exitCode
    }
    await wait(LOOK_MS)
  }
}
