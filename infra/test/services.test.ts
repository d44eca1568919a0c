import { services as known, type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { isSecret, readEnvironment } from '@boxoffice/service-kit'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { fillSecrets, owners, type Stored } from '../src/cli/secrets.ts'
import { environments } from '../src/environments.ts'
import { calleesOf, redisPasswords, schemas, secretsOf } from '../src/service-environment.ts'
import { everyEnvironment, type Json, objectsOf, resolved } from './synthesize.ts'

interface Container {
  Name: string
  Environment?: { Name: string; Value: Json }[]
  Secrets?: { Name: string; ValueFrom: Json }[]
  [name: string]: Json | undefined | Container['Environment'] | Container['Secrets']
}
const nothing = Object.fromEntries(owners.map((owner) => [owner, {}])) as Stored

describe.each(everyEnvironment())('in %s', (name, { all, resources }) => {
  const tasks = [...resources('services', 'AWS::ECS::TaskDefinition').values()]
  const fargate = [...resources('services', 'AWS::ECS::Service').values()]
  const taskOf = (key: ServiceKey) => tasks.find(({ Family }) => Family === `boxoffice-${name}-${key}`) ?? {}
  const containerOf = (key: ServiceKey) =>
    (taskOf(key).ContainerDefinitions as unknown as Container[]).find(({ Name }) => Name === key) as Container

  describe.each(serviceKeys)('%s', (key) => {
    const container = containerOf(key)
    const clear = Object.fromEntries(
      (container.Environment ?? []).map(({ Name, Value }) => [Name, resolved(Value)]),
    )
    const hidden = (container.Secrets ?? []).map(({ Name }) => Name)

    test('starts with the environment and secrets of its task', () => {
      const passwords = Object.fromEntries(redisPasswords.map((variable) => [variable, 'a-password']))
      const filled: Record<string, string> = {
        ...passwords,
        ...fillSecrets(nothing, { secretKey: 'sk_test_1' })[key],
      }
      const secrets = Object.fromEntries(hidden.map((variable) => [variable, filled[variable]]))
      const made = Object.entries(clear).map(([variable, value]) => [
        variable,
        value.replace(/\{[^}]*\}/g, 'made.example'),
      ])
      expect(() => readEnvironment(schemas[key], { ...Object.fromEntries(made), ...secrets })).not.toThrow()
    })

    test('gets no variable that it does not read, and no secret as plain text', () => {
      const { shape } = schemas[key]
      const unknown = [...Object.keys(clear), ...hidden].filter(
        (variable) => !(variable in shape) && variable !== 'NODE_ENV',
      )
      expect(unknown).toEqual([])
      expect(
        Object.keys(clear).filter((variable) => variable in shape && isSecret(shape[variable] as never)),
      ).toEqual([])
      expect(hidden.sort()).toEqual(
        [...secretsOf(key), ...redisPasswords.filter((variable) => variable in shape)].sort(),
      )
    })

    test('runs on ARM with a read-only file system, has a liveness check, and 30 s to stop', () => {
      const { cpu, memoryMiB } = environments[name].services[key]
      expect(taskOf(key)).toMatchObject({
        RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
        NetworkMode: 'awsvpc',
        Cpu: String(cpu),
        Memory: String(memoryMiB),
      })
      expect(container).toMatchObject({
        ReadonlyRootFilesystem: true,
        StopTimeout: 30,
        LinuxParameters: { InitProcessEnabled: true },
        PortMappings: [{ ContainerPort: known[key].defaultPort }],
      })
      expect(JSON.stringify(container.HealthCheck)).toContain(
        `http://127.0.0.1:${known[key].defaultPort}/actuator/health/live`,
      )
    })

    test('is rolled back if it does not become healthy, has no public address, and scales', () => {
      const { tasksMin, tasksMax } = environments[name].services[key]
      const service = fargate.find(({ ServiceName }) => ServiceName === key)
      expect(service).toMatchObject({
        DeploymentConfiguration: {
          DeploymentCircuitBreaker: { Enable: true, Rollback: true },
          MinimumHealthyPercent: 100,
          MaximumPercent: 200,
        },
        NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } },
      })
      // CloudFormation would reset the autoscaled count with every deployment.
      expect(service?.DesiredCount).toBeUndefined()
      if (name === 'prod') expect(tasksMin).toBeGreaterThanOrEqual(2)
      const targets = [...resources('services', 'AWS::ApplicationAutoScaling::ScalableTarget').values()]
      expect(targets).toHaveLength(serviceKeys.length)
      expect(targets.map(({ MinCapacity, MaxCapacity }) => [MinCapacity, MaxCapacity])).toContainEqual([
        tasksMin,
        tasksMax,
      ])
    })
  })

  test('services scale by CPU and requests, and consumers also by waiting messages', () => {
    const policies = [...resources('services', 'AWS::ApplicationAutoScaling::ScalingPolicy').values()].map(
      (policy) => {
        const tracking = policy.TargetTrackingScalingPolicyConfiguration as {
          [name: string]: { [name: string]: Json }
        }
        return String(tracking.PredefinedMetricSpecification?.PredefinedMetricType ?? 'backlog')
      },
    )
    const count = (type: string) => policies.filter((policy) => policy === type).length
    expect(count('ECSServiceAverageCPUUtilization')).toBe(serviceKeys.length)
    expect(count('ALBRequestCountPerTarget')).toBe(serviceKeys.length)
    expect(count('backlog')).toBeGreaterThanOrEqual(3)
  })

  test('each service is registered under the name that the others call', () => {
    const names = [...resources('services', 'AWS::ServiceDiscovery::Service').values()].map(
      ({ Name }) => Name,
    )
    expect(names.sort()).toEqual(
      Object.values(known)
        .map((service) => service.name)
        .sort(),
    )
    expect([...resources('network', 'AWS::ServiceDiscovery::PrivateDnsNamespace').values()]).toMatchObject([
      { Name: 'eventbooking.local' },
    ])
    for (const key of serviceKeys) {
      for (const callee of calleesOf(key)) {
        const url = containerOf(key).Environment?.find(
          ({ Name }) => Name === `${callee.toUpperCase()}_URL`,
        )?.Value
        expect(url).toBe(`http://${known[callee].name}.eventbooking.local:${known[callee].defaultPort}`)
      }
    }
  })

  test('a service may call only the services whose address it reads', () => {
    const groups = [...resources('network', 'AWS::EC2::SecurityGroup')]
    const idOf = (key: ServiceKey) =>
      groups.find(([, { GroupDescription }]) => GroupDescription === known[key].name)?.[0] ?? ''
    const keyOf = new Map(serviceKeys.map((key) => [idOf(key), key]))
    const owner = (value: Json | undefined) => keyOf.get(resolved(value).replace(/[{}]|\.GroupId/g, ''))
    const allowed = [...resources('network', 'AWS::EC2::SecurityGroupIngress').values()].flatMap((rule) => {
      const [from, to] = [owner(rule.SourceSecurityGroupId), owner(rule.GroupId)]
      return from && to ? [`${from} → ${to}:${rule.FromPort}`] : []
    })
    const wanted = serviceKeys.flatMap((key) =>
      calleesOf(key).map((callee) => `${key} → ${callee}:${known[callee].defaultPort}`),
    )
    expect(allowed.sort()).toEqual(wanted.sort())
  })

  test('only the load balancer accepts traffic from everywhere, on 80 and 443', () => {
    const open = Object.entries(all).flatMap(([stack, template]) =>
      [...objectsOf(template.Resources as unknown as Json)].flatMap((found) =>
        found.CidrIp === '0.0.0.0/0' && found.FromPort !== undefined ? [`${stack}:${found.FromPort}`] : [],
      ),
    )
    expect(open.sort()).toEqual(['network:443', 'network:80'])
  })

  test('a claim lasts longer than its payment may be unknown', () => {
    const numberOf = (key: ServiceKey, variable: string) => {
      const clear = containerOf(key).Environment?.find(({ Name }) => Name === variable)?.Value
      return Number((schemas[key].shape[variable] as z.ZodType).parse(clear))
    }
    expect(numberOf('tickets', 'CLAIM_TTL_SECONDS')).toBeGreaterThan(
      numberOf('payments', 'PAYMENT_UNKNOWN_LIMIT_SECONDS'),
    )
  })

  test('no template contains a secret', () => {
    const text = JSON.stringify(all)
    for (const value of ['"d":', 'sk_live', 'sk_test', 'PRIVATE KEY']) expect(text).not.toContain(value)
    expect(text.match(/\{\{resolve:secretsmanager:/g)?.length).toBe(2) // the two AUTH tokens of Redis
  })
})
