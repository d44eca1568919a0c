import { routing, serviceKeys, services } from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { listenerRules } from '../src/routes.ts'
import { everyEnvironment, type Json, objectsOf, resolved, settings, synthesize } from './synthesize.ts'

interface Rule {
  Priority: number
  Conditions: {
    Field: string
    PathPatternConfig?: { Values: string[] }
    HttpRequestMethodConfig?: { Values: string[] }
  }[]
  Actions: { Type: string; TargetGroupArn?: Json; FixedResponseConfig?: { StatusCode: string } }[]
}

describe.each(everyEnvironment())('in %s', (name, { resources }) => {
  const rules = [...resources('edge', 'AWS::ElasticLoadBalancingV2::ListenerRule').values()].toSorted(
    (a, b) => Number(a.Priority) - Number(b.Priority),
  ) as unknown as Rule[]
  const listeners = [...resources('edge', 'AWS::ElasticLoadBalancingV2::Listener').values()]

  test('the listener forwards what the routing table lists, and refuses internal paths first', () => {
    const said = rules.map(({ Conditions, Actions }) => {
      const paths = Conditions.find(({ Field }) => Field === 'path-pattern')?.PathPatternConfig?.Values ?? []
      const methods = Conditions.find(({ Field }) => Field === 'http-request-method')?.HttpRequestMethodConfig
        ?.Values
      const [action] = Actions
      return [
        methods ? `${methods} ${paths}` : `${paths}`,
        action?.Type === 'forward'
          ? resolved(action.TargetGroupArn).replace(/[{}]|Targets.*/g, '')
          : Number(action?.FixedResponseConfig?.StatusCode),
      ]
    })
    const [internal, ...others] = said
    expect(internal).toEqual(['/api/*/internal,/api/*/internal/*,/actuator,/actuator/*', 404])
    const forwarded = others.filter(([, to]) => typeof to === 'string')
    const routed = routing.map(({ prefix, service, methods }) => [
      `${methods ? `${methods} ` : ''}${prefix},${prefix}/*`,
      service,
    ])
    expect(forwarded.toSorted()).toEqual(routed.toSorted())
    expect(others.at(-1)).toEqual(['/', 200])
    // The rule for purchases comes before the one for reads of the same path.
    const at = (service: string) =>
      forwarded.findIndex(([paths, to]) => String(paths).includes('/api/v1') && to === service)
    expect(at('payments')).toBeLessThan(at('analytics'))
  })

  test('only HTTPS with TLS 1.2 or later is served; HTTP is redirected; unknown paths get 404', () => {
    const [https] = listeners.filter(({ Port }) => Port === 443)
    const [http] = listeners.filter(({ Port }) => Port === 80)
    expect(listeners).toHaveLength(2)
    expect(https).toMatchObject({
      Protocol: 'HTTPS',
      SslPolicy: expect.stringMatching(/TLS13-1-2/),
      DefaultActions: [{ FixedResponseConfig: { StatusCode: '404' } }],
      ListenerAttributes: expect.arrayContaining([
        {
          Key: expect.stringContaining('strict_transport_security'),
          Value: expect.stringMatching(/^max-age=\d{8}; includeSubDomains$/),
        },
        { Key: expect.stringContaining('x_content_type_options'), Value: 'nosniff' },
      ]),
    })
    expect(http).toMatchObject({
      DefaultActions: [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', StatusCode: 'HTTP_301' } }],
    })
  })

  test('a task gets requests once it is ready, and has 30 s to finish open ones', () => {
    const groups = [...resources('edge', 'AWS::ElasticLoadBalancingV2::TargetGroup').values()]
    expect(groups).toHaveLength(serviceKeys.length)
    const expected = serviceKeys.map((key) => ({
      Name: `${name}-${services[key].name}-tg`,
      Port: services[key].defaultPort,
      Protocol: 'HTTP',
      TargetType: 'ip',
      HealthCheckPath: '/actuator/health',
      HealthCheckIntervalSeconds: 30,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 3,
      Matcher: { HttpCode: '200' },
    }))
    expect(groups).toEqual(expect.arrayContaining(expected.map((group) => expect.objectContaining(group))))
    for (const { Name } of expected) expect(Name.length).toBeLessThanOrEqual(32)
    for (const group of groups) {
      expect(group.TargetGroupAttributes).toContainEqual({
        Key: 'deregistration_delay.timeout_seconds',
        Value: '30',
      })
      expect(group.TargetGroupAttributes).toContainEqual({ Key: 'stickiness.enabled', Value: 'false' })
    }
  })

  test('the firewall limits requests per address, refuses internal paths, and logs no tokens', () => {
    const [firewall = {}] = resources('edge', 'AWS::WAFv2::WebACL').values()
    const names = (firewall.Rules as { Name: string }[]).map(({ Name }) => Name)
    expect(names).toEqual(
      expect.arrayContaining([
        'internal-paths',
        'rate-every-address',
        'rate-sign-in',
        'rate-purchase',
        'AWSManagedRulesCommonRuleSet',
      ]),
    )
    expect(JSON.stringify(firewall.Rules)).toContain('NORMALIZE_PATH_WIN')
    const [purchase] = (firewall.Rules as { Name: string }[]).filter((rule) => rule.Name === 'rate-purchase')
    const posts = [...objectsOf(purchase as unknown as Json)].flatMap(({ AndStatement }) =>
      AndStatement ? [AndStatement] : [],
    )
    expect(
      posts.map((both) =>
        [...JSON.stringify(both).matchAll(/"SearchString":"([^"]*)"/g)].map(([, text]) => text),
      ),
    ).toEqual([
      ['POST', '/api/v1/tickets'], // who reads there is not limited with those who buy
    ])
    expect(resources('edge', 'AWS::WAFv2::WebACLAssociation').size).toBe(1)
    const [logging] = resources('edge', 'AWS::WAFv2::LoggingConfiguration').values()
    expect(logging?.RedactedFields).toEqual([
      { SingleHeader: { Name: 'authorization' } },
      { QueryString: {} },
    ])
  })

  test('access is logged', () => {
    const [balancer] = resources('edge', 'AWS::ElasticLoadBalancingV2::LoadBalancer').values()
    expect(balancer?.LoadBalancerAttributes).toContainEqual({ Key: 'access_logs.s3.enabled', Value: 'true' })
    expect(balancer?.LoadBalancerAttributes).toContainEqual({
      Key: 'deletion_protection.enabled',
      Value: String(name === 'prod'),
    })
  })
})

test('with a domain the certificate is validated in its zone; without one the deployment passes it', () => {
  const certificates = (given: object) =>
    synthesize('dev', given).resources('edge', 'AWS::CertificateManager::Certificate').size
  expect(certificates(settings)).toBe(1)
  expect(certificates({})).toBe(0)
  expect(Object.keys(synthesize('dev', {}).all.edge.Parameters as object)).toContain('CertificateArn')
})

test('longer prefixes come before shorter ones, and rules for some methods before those for all', () => {
  const rules = listenerRules([
    { prefix: '/api/v1', service: 'events' },
    { prefix: '/api/v1/tickets', service: 'tickets' },
    { prefix: '/api/v1/tickets', service: 'payments', methods: ['POST'] },
  ])
  expect(rules.slice(1, -1).map(({ service, methods, paths }) => [service, methods, paths[0]])).toEqual([
    ['payments', ['POST'], '/api/v1/tickets'],
    ['tickets', undefined, '/api/v1/tickets'],
    ['events', undefined, '/api/v1'],
  ])
})
