import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { DescribeTasksCommand, ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs'

/** A one-off task: its new log lines, and its exit code once it has ended. */
export interface TaskState {
  lines: string[]
  exitCode: number | null
  /** Why it did not start or was stopped, if AWS says so. */
  reason?: string
}

/** Runs one-off tasks on ECS. */
export interface TaskRunner {
  /** Starts a one-off task; returns its id. */
  runTask(task: {
    cluster: string
    definition: string
    subnets: string[]
    group: string
    container: string
    command: string[]
  }): Promise<string>
  /** Returns the state of a task, with the log lines since the last call. */
  lookAtTask(cluster: string, taskId: string, log: { group: string; stream: string }): Promise<TaskState>
}

export function createTaskRunner(region: string): TaskRunner {
  const ecs = new ECSClient({ region })
  const logs = new CloudWatchLogsClient({ region })
  /** Where the next read of each log starts. */
  const nextTokens = new Map<string, string | undefined>()

  async function newLines(group: string, stream: string): Promise<string[]> {
    const key = `${group} ${stream}`
    const page = new GetLogEventsCommand({
      logGroupName: group,
      logStreamName: stream,
      startFromHead: true,
      nextToken: nextTokens.get(key),
    })
    const { events = [], nextForwardToken } = (await logs.send(page).catch((error: Error) => {
      if (error.name === 'ResourceNotFoundException') return {} // the task has logged nothing yet
      throw error
    })) as { events?: { message?: string }[]; nextForwardToken?: string }
    if (nextForwardToken) nextTokens.set(key, nextForwardToken)
    return events.map(({ message = '' }) => message)
  }

  return {
    async runTask({ cluster, definition, subnets, group, container, command }) {
      const { tasks: [task] = [], failures = [] } = await ecs.send(
        new RunTaskCommand({
          cluster,
          taskDefinition: definition,
          launchType: 'FARGATE',
          networkConfiguration: {
            awsvpcConfiguration: { subnets, securityGroups: [group], assignPublicIp: 'DISABLED' },
          },
          overrides: { containerOverrides: [{ name: container, command }] },
        }),
      )
      if (!task?.taskArn)
        throw new Error(`the task did not start: ${failures.map(({ reason }) => reason).join(', ')}`)
      return task.taskArn.split('/').at(-1) ?? ''
    },
    async lookAtTask(cluster, taskId, { group, stream }) {
      const { tasks: [task] = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [taskId] }))
      const ended = task?.lastStatus === 'STOPPED'
      const lines = await newLines(group, stream)
      if (!ended) return { lines, exitCode: null }
      return { lines, exitCode: task?.containers?.[0]?.exitCode ?? 1, reason: task?.stoppedReason }
    },
  }
}
