import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns'
import { CreateQueueCommand, GetQueueUrlCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { claimPort } from '@boxoffice/testing'
import type { Aws } from '../src/aws.ts'

type Options = Readonly<Record<string, string>>
const json = (value: string | undefined) => (value === undefined ? {} : { Attributes: JSON.parse(value) })

/** The supported calls of the AWS command line, with its option names. */
const calls = (
  aws: Aws,
): Record<string, { options: string[]; run: (given: Options) => Promise<unknown> }> => ({
  // the local SES accepts every sender
  'ses verify-email-identity': { options: ['email-address'], run: async () => '' },
  'sns create-topic': {
    options: ['name', 'attributes'],
    run: ({ name, attributes }) => aws.sns.send(new CreateTopicCommand({ Name: name, ...json(attributes) })),
  },
  'sns subscribe': {
    options: ['topic-arn', 'protocol', 'notification-endpoint', 'attributes'],
    run: (given) =>
      aws.sns.send(
        new SubscribeCommand({
          TopicArn: given['topic-arn'],
          Protocol: given.protocol,
          Endpoint: given['notification-endpoint'],
          ...json(given.attributes),
        }),
      ),
  },
  'sns list-subscriptions-by-topic': {
    options: ['topic-arn', 'query', 'output'],
    async run({ 'topic-arn': TopicArn, query, output }) {
      const endpoint = /^Subscriptions\[\?Endpoint=='([^']+)'\]\.SubscriptionArn$/.exec(query ?? '')?.[1]
      if (!endpoint || output !== 'text') throw new Error(`unsupported query ${query} with output ${output}`)
      const { Subscriptions = [] } = await aws.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))
      return Subscriptions.filter(({ Endpoint }) => Endpoint === endpoint).map(
        (found) => found.SubscriptionArn,
      )
    },
  },
  'sns set-subscription-attributes': {
    options: ['subscription-arn', 'attribute-name', 'attribute-value'],
    run: (given) =>
      aws.sns.send(
        new SetSubscriptionAttributesCommand({
          SubscriptionArn: given['subscription-arn'],
          AttributeName: given['attribute-name'],
          AttributeValue: given['attribute-value'],
        }),
      ),
  },
  'sqs create-queue': {
    options: ['queue-name', 'attributes'],
    run: (given) =>
      aws.sqs.send(new CreateQueueCommand({ QueueName: given['queue-name'], ...json(given.attributes) })),
  },
  'sqs get-queue-url': {
    options: ['queue-name', 'query', 'output'],
    async run({ 'queue-name': QueueName, query, output }) {
      if (query !== 'QueueUrl' || output !== 'text')
        throw new Error(`unsupported query ${query} with output ${output}`)
      return (await aws.sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl
    },
  },
  'sqs set-queue-attributes': {
    options: ['queue-url', 'attributes'],
    run: (given) =>
      aws.sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: given['queue-url'],
          Attributes: JSON.parse(given.attributes ?? ''),
        }),
      ),
  },
})

/** Separators: between the arguments, and after the last. */
const [BETWEEN, END] = ['\x1f', '\x1e']

/**
 * Creates a command `awslocal` in its own folder, for the PATH of a script. It passes its arguments to this
 * process, which calls SNS and SQS through `aws`; what the AWS command line does not support fails, with its
 * exit code.
 */
export async function startAwslocal(aws: Aws) {
  const known = calls(aws)
  const asked: string[][] = []
  async function answer(given: string[]): Promise<{ code: number; text: string }> {
    const [service, operation, ...rest] = given
    const call = known[`${service} ${operation}`]
    asked.push([`${service} ${operation}`, ...rest])
    try {
      if (!call) throw new Error(`there is no ${service} ${operation}`)
      const options = Object.fromEntries(call.options.map((name) => [name, { type: 'string' as const }]))
      const { values } = parseArgs({ args: rest, options, strict: true, allowPositionals: false })
      const found = await call.run(values as Options)
      return {
        code: 0,
        text: typeof found === 'object' && !Array.isArray(found) ? JSON.stringify(found) : `${found}`,
      }
    } catch (error) {
      return { code: 254, text: (error as Error).message }
    }
  }
  const server = net.createServer((socket) => {
    let given = ''
    socket.setEncoding('utf8').on('data', async (chunk: string) => {
      given += chunk
      if (!given.endsWith(END)) return
      const { code, text } = await answer(given.slice(0, -END.length).split(BETWEEN))
      socket.end(`${code}\n${text}\n`)
    })
  })
  const port = await claimPort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-awslocal-'))
  // Plain bash: a hook calls it some seventy times, and starting Node.js takes as long as all the calls
  // together.
  const program = `#!/bin/bash
    exec 3<>/dev/tcp/127.0.0.1/${port}
    separator=
    for argument; do printf '%s%s' "$separator" "$argument" >&3; separator=$'\\x1f'; done
    printf '\\x1e' >&3
    read -r code <&3
    if [ "$code" = 0 ]; then cat <&3; else cat <&3 >&2; fi
    exit "$code"`
  await writeFile(path.join(folder, 'awslocal'), program, { mode: 0o755 })
  return {
    asked,
    /**
     * Runs a script with only this command, bash and the standard tools; returns its exit code and stderr.
     */
    run: (script: string, env: Record<string, string>) =>
      new Promise<{ code: number; stderr: string }>((resolve) => {
        const PATH = `${folder}:/usr/bin:/bin`
        execFile(script, { env: { ...env, PATH } }, (error, _stdout, stderr) =>
          resolve({ code: Number(error?.code ?? 0), stderr }),
        )
      }),
    async stop() {
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
