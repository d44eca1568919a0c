import { expect, test } from 'vitest'
import { findErrors } from './specification.ts'
import { everyEnvironment, type Resource, stackNames } from './synthesize.ts'

test.each(everyEnvironment())('every resource of %s matches the AWS specification', (_name, { all }) => {
  const errors = stackNames.flatMap((stack) =>
    findErrors(all[stack].Resources).map((error) => `${stack}: ${error}`),
  )
  expect(errors).toEqual([])
})

test.each<[string, Resource, string]>([
  ['an unknown type', { Type: 'AWS::SQS::Qeue' }, 'unknown type AWS::SQS::Qeue'],
  [
    'an unknown property',
    { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimout: 30 } },
    'unknown property VisibilityTimout',
  ],
  [
    'a missing property',
    { Type: 'AWS::SNS::Subscription', Properties: { Protocol: 'sqs' } },
    'missing property TopicArn',
  ],
  [
    'a value of another kind',
    { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'soon' } },
    'must be a number',
  ],
  [
    'an unknown property further down',
    {
      Type: 'AWS::ECS::TaskDefinition',
      Properties: { ContainerDefinitions: [{ Name: 'a', Image: 'b', StopTimout: 30 }] },
    },
    'unknown property StopTimout',
  ],
])('a wrong template is found out: %s', (_what, resource, error) => {
  expect(findErrors({ Wrong: resource }).join()).toContain(error)
})
