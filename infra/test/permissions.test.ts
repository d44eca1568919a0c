import {
  commandQueuesOf,
  publishers,
  type Queue,
  queueNames,
  queues,
  serviceKeys,
  services,
  topics,
} from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { everyEnvironment, type Json, resolved } from './synthesize.ts'

interface Statement {
  Action: string | string[]
  Effect: string
  Resource?: Json
  NotResource?: Json
  Condition?: Json
}
const list = (value: Json | undefined): Json[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]
const actionsOf = ({ Action }: Statement) => [Action].flat()

/** Actions allowed on every resource, and why they cannot be narrowed. */
const wildcards = {
  'ecr:GetAuthorizationToken': 'a token of the whole registry',
  'xray:PutTelemetryRecords': 'X-Ray has no resources',
  'xray:PutTraceSegments': 'X-Ray has no resources',
}

describe.each(everyEnvironment())('in %s', (environment, { all, resources }) => {
  const policies = Object.keys(all).flatMap((stack) => [
    ...resources(stack as 'services', 'AWS::IAM::Policy').entries(),
  ])
  const statementsOf = (pattern: RegExp) =>
    policies
      .filter(([id]) => pattern.test(id))
      .flatMap(
        ([, { PolicyDocument }]) => (PolicyDocument as unknown as { Statement: Statement[] }).Statement,
      )
  const taskOf = (name: string) => statementsOf(new RegExp(`^${name.replaceAll('-', '')}TaskTaskRole`, 'i'))
  const resourcesOf = (statements: Statement[], action: string) =>
    statements
      .filter((statement) => actionsOf(statement).includes(action))
      .flatMap(({ Resource }) => list(Resource).map(resolved))
  const names = (arns: string[]) =>
    arns.map((arn) => arn.split(':').at(-1)?.replace(`boxoffice-${environment}-`, '') ?? '').sort()

  test('only actions without resource-level permissions are allowed on every resource', () => {
    const everything = statementsOf(/./).filter(({ Resource }) =>
      list(Resource).some((resource) => resource === '*'),
    )
    expect([...new Set(everything.flatMap(actionsOf))].sort()).toEqual(Object.keys(wildcards).sort())
    for (const statement of statementsOf(/./))
      for (const action of actionsOf(statement)) expect(action).not.toMatch(/\*/)
  })

  describe.each(serviceKeys)('%s', (key) => {
    const own = taskOf(services[key].name)

    test('may decrypt its secrets', () => {
      const role = statementsOf(
        new RegExp(`^${services[key].name.replaceAll('-', '')}TaskExecutionRole`, 'i'),
      )
      expect(resourcesOf(role, 'secretsmanager:GetSecretValue').length).toBeGreaterThan(0)
      expect(resourcesOf(role, 'kms:Decrypt')).toHaveLength(1)
    })

    test('publishes to its own topics only', () => {
      expect(names(resourcesOf(own, 'sns:Publish'))).toEqual(
        topics.filter((topic) => publishers[topic].includes(key)).sort(),
      )
    })

    test('consumes and dead-letters its own queues only; only the dead-letter check reads all', () => {
      const letters = queueNames.map((name) => (queues[name] as Queue).deadLetterQueue)
      const mine = queueNames.filter((name) => queues[name].consumer === key)
      const looked = key === 'notifications' ? letters : []
      expect(names(resourcesOf(own, 'sqs:ReceiveMessage'))).toEqual([...mine, ...looked].sort())
      expect(names(resourcesOf(own, 'sqs:DeleteMessage'))).toEqual(mine.toSorted())
      const aside = mine.map((name) => (queues[name] as Queue).deadLetterQueue)
      expect(names(resourcesOf(own, 'sqs:SendMessage'))).toEqual([...aside, ...commandQueuesOf(key)].sort())
    })

    test('signs in as its own database user only', () => {
      expect(resourcesOf(own, 'rds-db:connect')).toMatchObject([
        expect.stringMatching(new RegExp(`/${key}$`)),
      ])
    })

    test('may send mails and text messages only if it is the notification service', () => {
      const texts = own.filter(({ NotResource }) => NotResource !== undefined)
      const mails = own.filter((statement) => actionsOf(statement).includes('ses:SendRawEmail'))
      expect(mails.map(({ Condition }) => Condition)).toEqual(
        key === 'notifications'
          ? [{ StringEquals: { 'ses:FromAddress': 'tickets@tickets.example.com' } }]
          : [],
      )
      expect(texts.map(({ Action, NotResource }) => [Action, list(NotResource).map(resolved)])).toEqual(
        key === 'notifications' ? [['sns:Publish', ['arn:aws:sns:*:*:*']]] : [],
      )
    })
  })

  test('only the payment service sends and receives order commands', () => {
    const may = (action: string) =>
      serviceKeys.filter((key) =>
        names(resourcesOf(taskOf(services[key].name), action)).includes('order-commands.fifo'),
      )
    expect([may('sqs:SendMessage'), may('sqs:ReceiveMessage')]).toEqual([['payments'], ['payments']])
  })

  test('the command line handles dead letters and cannot publish', () => {
    const own = statementsOf(/^OperationsTaskRole/)
    expect(names(resourcesOf(own, 'sqs:ReceiveMessage'))).toEqual(
      queueNames.map((name) => (queues[name] as Queue).deadLetterQueue).sort(),
    )
    expect(names(resourcesOf(own, 'sqs:SendMessage'))).toEqual(queueNames.toSorted())
    expect(names(resourcesOf(own, 'sqs:PurgeQueue'))).toEqual(queueNames.toSorted())
    expect(resourcesOf(own, 'sns:Publish')).toEqual([])
    expect(resourcesOf(own, 'rds-db:connect')).toEqual([])
  })

  test('the command line’s task archives dead letters, and no one may do anything else there', () => {
    const inS3 = (statements: Statement[]) =>
      statements.filter((statement) => actionsOf(statement).some((action) => action.startsWith('s3:')))
    const [id] = resources('data', 'AWS::S3::Bucket').keys()
    const own = inS3(statementsOf(/^OperationsTaskRole/)).map(({ Effect, Action, Resource }) => [
      Effect,
      Action,
      list(Resource).map(resolved),
    ])
    expect(own).toEqual([['Allow', 's3:PutObject', [`{${id}.Arn}/*`]]])
    expect(inS3(statementsOf(/./))).toHaveLength(1)
  })
})
