import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { GetSubscriptionAttributesCommand, ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns'
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { isFifo, type Queue, queueNames, queues, serviceKeys, topics } from '@boxoffice/contracts'
import { createAws, provision } from '@boxoffice/messaging'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { everyEnvironment, type Json, resolved, synthesize } from './synthesize.ts'

const { all, resources } = synthesize('prod')
const PREFIX = 'boxoffice-prod-'
const nameOf = (properties: { [name: string]: Json }) =>
  String(properties.QueueName ?? properties.TopicName).slice(PREFIX.length)
const queueOf = (id: string) => nameOf(all.messaging.Resources[id]?.Properties ?? {})
/** Returns the topology name of the queue or topic that a value refers to. */
const referred = (value: Json | undefined) => queueOf(resolved(value).replace(/[{}]|\.Arn/g, ''))

interface Shape {
  fifo: boolean
  /** For a FIFO queue: the scopes of deduplication and of the throughput limit. */
  deduplicationScope: string | null
  throughputLimit: string | null
  visibilitySeconds: number
  retentionSeconds: number
  deadLetterQueue: string | null
  maxReceives: number | null
}
interface Subscribed {
  topic: string
  queue: string
  raw: boolean
  eventTypes: string[] | null
}
interface Made {
  queues: Record<string, Shape>
  subscriptions: Subscribed[]
}
const sorted = (subscriptions: Subscribed[]) =>
  subscriptions.toSorted((a, b) => `${a.queue}${a.topic}`.localeCompare(`${b.queue}${b.topic}`))

function inTemplate(): Made {
  const made = [...resources('messaging', 'AWS::SQS::Queue').values()].map((queue): [string, Shape] => {
    const redrive = queue.RedrivePolicy as { deadLetterTargetArn: Json; maxReceiveCount: number } | undefined
    return [
      nameOf(queue),
      {
        fifo: queue.FifoQueue === true,
        deduplicationScope: (queue.DeduplicationScope as string | undefined) ?? null,
        throughputLimit: (queue.FifoThroughputLimit as string | undefined) ?? null,
        visibilitySeconds: Number(queue.VisibilityTimeout ?? 30),
        retentionSeconds: Number(queue.MessageRetentionPeriod),
        deadLetterQueue: redrive ? referred(redrive.deadLetterTargetArn) : null,
        maxReceives: redrive?.maxReceiveCount ?? null,
      },
    ]
  })
  const subscriptions = [...resources('messaging', 'AWS::SNS::Subscription').values()].filter(
    ({ Protocol }) => Protocol === 'sqs',
  )
  return {
    queues: Object.fromEntries(made),
    subscriptions: sorted(
      subscriptions.map((subscription) => ({
        topic: referred(subscription.TopicArn),
        queue: referred(subscription.Endpoint),
        raw: subscription.RawMessageDelivery === true,
        eventTypes: (subscription.FilterPolicy as { eventType: string[] } | undefined)?.eventType ?? null,
      })),
    ),
  }
}

describe('the template and local provisioning create the same', () => {
  const prefix = `t${randomUUID().slice(0, 8)}-`
  const endpoint = inject('awsEndpoint')
  const aws = createAws({
    region: 'us-east-1',
    accountId: '000000000000',
    snsEndpoint: endpoint,
    sqsEndpoint: endpoint,
    prefix,
    waitSeconds: 1,
  })
  beforeAll(() => provision(aws))
  afterAll(() => aws.close())
  const withoutPrefix = (arn: string | undefined) => String(arn).split(':').at(-1)?.slice(prefix.length) ?? ''

  async function locally(): Promise<Made> {
    const names = queueNames.flatMap((name) => [name, (queues[name] as Queue).deadLetterQueue])
    const made = names.map(async (name): Promise<[string, Shape]> => {
      const { Attributes = {} } = await aws.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: await aws.queueUrl(name), AttributeNames: ['All'] }),
      )
      const redrive = Attributes.RedrivePolicy ? JSON.parse(Attributes.RedrivePolicy) : null
      return [
        name,
        {
          fifo: Attributes.FifoQueue === 'true',
          deduplicationScope: Attributes.DeduplicationScope ?? null,
          throughputLimit: Attributes.FifoThroughputLimit ?? null,
          visibilitySeconds: Number(Attributes.VisibilityTimeout),
          retentionSeconds: Number(Attributes.MessageRetentionPeriod),
          deadLetterQueue: redrive ? withoutPrefix(redrive.deadLetterTargetArn) : null,
          maxReceives: redrive ? Number(redrive.maxReceiveCount) : null,
        },
      ]
    })
    const subscriptions = topics.map(async (topic) => {
      const { Subscriptions = [] } = await aws.sns.send(
        new ListSubscriptionsByTopicCommand({ TopicArn: aws.topicArn(topic) }),
      )
      return Promise.all(
        Subscriptions.map(async ({ SubscriptionArn, Endpoint }): Promise<Subscribed> => {
          const { Attributes = {} } = await aws.sns.send(
            new GetSubscriptionAttributesCommand({ SubscriptionArn }),
          )
          const filter = JSON.parse(Attributes.FilterPolicy || '{}')
          return {
            topic,
            queue: withoutPrefix(Endpoint),
            raw: Attributes.RawMessageDelivery === 'true',
            eventTypes: filter.eventType ?? null,
          }
        }),
      )
    })
    return {
      queues: Object.fromEntries(await Promise.all(made)),
      subscriptions: sorted((await Promise.all(subscriptions)).flat()),
    }
  }

  test('queues with visibility, retention and dead letters, and subscriptions with filters', async () => {
    expect(inTemplate()).toEqual(await locally())
  })
})

test('services consume exactly the queues that the topology assigns to them', () => {
  const consumed = serviceKeys.flatMap((key) => {
    const folder = path.join(import.meta.dirname, '../../services', key, 'src')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /(?<!\.test)\.ts$/.test(file),
    )
    const sources = files.map((file) => readFileSync(path.join(folder, file), 'utf8'))
    return sources.flatMap((source) => consumedIn(source, sources)).map((name) => [name, key])
  })
  const declared = queueNames.map((name) => [name, queues[name].consumer])
  expect(consumed.toSorted()).toEqual(declared.toSorted())
})

/**
 * Returns the queues that a source file consumes: named in the call, or listed in a constant that the service
 * iterates over.
 */
function consumedIn(source: string, ofService: readonly string[]): string[] {
  return [...source.matchAll(/\bmessaging\.consume(?:With)?\(\s*(?:'([^']+)'|(\w+))/g)].flatMap(
    ([call, name, each]) => {
      if (name) return [name]
      const list = new RegExp(`\\b(\\w+)\\.map\\(\\(${each}\\) =>`).exec(source)?.[1]
      const declaration = new RegExp(`\\bconst ${list} = \\[([^\\]]*)\\]`)
      const names = ofService.map((text) => declaration.exec(text)?.[1]).find((found) => found !== undefined)
      if (names === undefined) throw new Error(`of which queues is this: ${call}`)
      return [...names.matchAll(/'([^']+)'/g)].map(([, queue = '']) => queue)
    },
  )
}

describe.each(everyEnvironment())('in %s', (environment, { resources: of }) => {
  test('every topic and queue of the topology exists, encrypted with our own key', () => {
    const all = [
      ...of('messaging', 'AWS::SNS::Topic').values(),
      ...of('messaging', 'AWS::SQS::Queue').values(),
    ]
    expect(
      all
        .map(({ TopicName, QueueName }) =>
          String(TopicName ?? QueueName).replace(`boxoffice-${environment}-`, ''),
        )
        .sort(),
    ).toEqual(
      [...topics, ...queueNames, ...queueNames.map((name) => (queues[name] as Queue).deadLetterQueue)].sort(),
    )
    for (const properties of all) {
      expect(resolved(properties.KmsMasterKeyId)).toMatch(/Key/)
      expect(properties.FifoTopic ?? properties.FifoQueue ?? false).toBe(
        isFifo(String(properties.TopicName ?? properties.QueueName)),
      )
    }
  })

  test('a FIFO queue keeps the order within a group, and groups do not wait for each other', () => {
    const fifo = [...of('messaging', 'AWS::SQS::Queue').values()].filter(
      ({ FifoQueue }) => FifoQueue === true,
    )
    expect(fifo).toHaveLength(queueNames.filter(isFifo).length * 2) // with their dead letters
    for (const queue of fifo)
      expect(queue).toMatchObject({
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
      })
  })

  test('a queue accepts messages from its own topics only, over TLS', () => {
    const subscribed = new Map(
      Object.entries<Queue>(queues).flatMap(([name, { deadLetterQueue, subscriptions }]) =>
        [name, deadLetterQueue].map((own) => [own, subscriptions.map(({ topic }) => topic)] as const),
      ),
    )
    const policies = [...of('messaging', 'AWS::SQS::QueuePolicy').values()]
    expect(policies.length).toBe(subscribed.size)
    for (const { PolicyDocument, Queues } of policies) {
      const [deny, ...allow] = (PolicyDocument as { Statement: { [name: string]: Json }[] }).Statement
      expect(deny).toMatchObject({
        Effect: 'Deny',
        Action: 'sqs:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      })
      const senders = allow.map((statement) => {
        expect(statement).toMatchObject({
          Effect: 'Allow',
          Action: 'sqs:SendMessage',
          Principal: { Service: 'sns.amazonaws.com' },
        })
        return referred(
          (statement.Condition as { ArnEquals: { 'aws:SourceArn': Json } }).ArnEquals['aws:SourceArn'],
        )
      })
      expect(senders).toEqual(subscribed.get(referred(Queues)))
    }
  })

  test('every queue and every subscription has its dead-letter queue', () => {
    const letters = new Set(queueNames.map((name) => (queues[name] as Queue).deadLetterQueue as string))
    for (const queue of of('messaging', 'AWS::SQS::Queue').values()) {
      const name = String(queue.QueueName).replace(`boxoffice-${environment}-`, '')
      expect(queue.RedrivePolicy === undefined, name).toBe(letters.has(name))
      if (letters.has(name))
        expect((queue.RedriveAllowPolicy as { redrivePermission: string }).redrivePermission).toBe('byQueue')
    }
    const subscriptions = [...of('messaging', 'AWS::SNS::Subscription').values()].filter(
      ({ Protocol }) => Protocol === 'sqs',
    )
    expect(subscriptions.length).toBe(
      queueNames.flatMap((name) => (queues[name] as Queue).subscriptions).length,
    )
    for (const { RedrivePolicy } of subscriptions)
      expect(resolved((RedrivePolicy as { deadLetterTargetArn: Json }).deadLetterTargetArn)).toMatch(
        /DeadLetters/,
      )
  })
})

test.each(everyEnvironment())(
  'in %s, mail feedback goes to the notification service, and only SES may send it',
  (_name, { resources: of }) => {
    const [destination] = [...of('messaging', 'AWS::SES::ConfigurationSetEventDestination').values()].map(
      ({ EventDestination }) => EventDestination,
    )
    expect(destination).toMatchObject({
      Enabled: true,
      MatchingEventTypes: expect.arrayContaining(['bounce', 'complaint', 'reject']),
    })
    expect(referred((destination as { SnsDestination: { TopicARN: Json } }).SnsDestination.TopicARN)).toBe(
      'mail-feedback',
    )
    const policies = [...of('messaging', 'AWS::SNS::TopicPolicy').values()]
    const allowed = policies.flatMap(({ PolicyDocument, Topics }) =>
      (PolicyDocument as { Statement: { [name: string]: Json }[] }).Statement.filter(
        ({ Effect }) => Effect === 'Allow',
      ).map((statement) => [referred(Topics), statement.Principal]),
    )
    expect(allowed).toEqual([['mail-feedback', { Service: 'ses.amazonaws.com' }]])
  },
)
