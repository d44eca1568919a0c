import type { aws_wafv2 as waf } from 'aws-cdk-lib'
import type { EnvironmentDefinition } from '../environments.ts'

const WINDOW_SECONDS = 300
/**
 * Rules that would refuse what is right here, in words that are not ours: seating plans are large bodies,
 * organizers write of links and tags, programs name no browser. They count; services decode every body by its
 * contract.
 */
const COUNTED = ['SizeRestrictions_BODY', 'CrossSiteScripting_BODY', 'GenericRFI_BODY', 'NoUserAgent_HEADER']
/** Calls of one address in five minutes to what guesses passwords, fills mailboxes or takes places. */
const SENSITIVE: readonly {
  name: string
  paths: readonly string[]
  posts?: readonly string[]
  limit: number
}[] = [
  {
    name: 'sign-in',
    paths: [
      '/api/auth/login',
      '/api/auth/register',
      '/api/auth/refresh',
      '/api/auth/password',
      '/api/auth/verify-email',
      '/api/auth/email',
      '/api/auth/me/email',
    ],
    // The same by the forms of pages.
    posts: ['/verify-email', '/reset-password', '/claim-ticket'],
    limit: 300,
  },
  {
    name: 'purchase',
    paths: ['/api/payments/orders', '/api/tickets/reservations'],
    posts: ['/api/v1/tickets'], // reading there is another thing
    limit: 1_500,
  },
]

const visibility = (metricName: string): waf.CfnWebACL.VisibilityConfigProperty => ({
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: true,
  metricName,
})
/**
 * The same path in every spelling: percent signs decoded, dot segments and backslashes resolved, lower case.
 */
const tidied = [
  { priority: 0, type: 'URL_DECODE' },
  { priority: 1, type: 'NORMALIZE_PATH_WIN' },
  { priority: 2, type: 'LOWERCASE' },
]
const pathWith = (
  searchString: string,
  positionalConstraint: 'CONTAINS' | 'STARTS_WITH' | 'ENDS_WITH',
): waf.CfnWebACL.StatementProperty => ({
  byteMatchStatement: {
    fieldToMatch: { uriPath: {} },
    positionalConstraint,
    searchString,
    textTransformations: tidied,
  },
})
const postTo = (path: string): waf.CfnWebACL.StatementProperty => ({
  andStatement: {
    statements: [
      {
        byteMatchStatement: {
          fieldToMatch: { method: {} },
          positionalConstraint: 'EXACTLY',
          searchString: 'POST',
          textTransformations: [{ priority: 0, type: 'NONE' }],
        },
      },
      pathWith(path, 'STARTS_WITH'),
    ],
  },
})
/**
 * The gateway calls from few addresses, often, in words of its own; its signature is what protects the path.
 */
const notWebhooks: waf.CfnWebACL.StatementProperty = {
  notStatement: { statement: pathWith('/api/payments/webhooks/', 'STARTS_WITH') },
}
const anyOf = (statements: waf.CfnWebACL.StatementProperty[]): waf.CfnWebACL.StatementProperty =>
  statements.length === 1 && statements[0] ? statements[0] : { orStatement: { statements } }

/** Rules of the firewall at the edge, and what it answers: the contract's 404 and 429. */
export function webRules(
  environment: EnvironmentDefinition,
): Pick<waf.CfnWebACLProps, 'rules' | 'customResponseBodies'> {
  const rules: Omit<waf.CfnWebACL.RuleProperty, 'priority'>[] = [
    {
      name: 'internal-paths',
      statement: anyOf([
        pathWith('/internal/', 'CONTAINS'),
        pathWith('/internal', 'ENDS_WITH'),
        pathWith('/actuator', 'STARTS_WITH'),
      ]),
      action: { block: { customResponse: { responseCode: 404, customResponseBodyKey: 'not-found' } } },
      visibilityConfig: visibility('internal-paths'),
    },
    rateRule('every-address', environment.requestsPerAddress, notWebhooks),
    ...SENSITIVE.map(({ name, paths, posts = [], limit }) =>
      rateRule(
        name,
        limit,
        anyOf([...paths.map((path) => pathWith(path, 'STARTS_WITH')), ...posts.map(postTo)]),
      ),
    ),
    managed('AWSManagedRulesAmazonIpReputationList'),
    managed('AWSManagedRulesKnownBadInputsRuleSet'),
    managed('AWSManagedRulesCommonRuleSet', COUNTED),
  ]
  return {
    rules: rules.map((rule, priority) => ({ ...rule, priority })),
    customResponseBodies: {
      'not-found': json({ error: 'ROUTE_NOT_FOUND', message: 'nothing here' }),
      'too-many': json({
        error: 'RATE_LIMITED',
        message: 'too many requests from your address: try again in some minutes',
      }),
    },
  }
}

const json = (body: object) => ({ contentType: 'APPLICATION_JSON', content: JSON.stringify(body) })

const rateRule = (name: string, limit: number, scopeDownStatement?: waf.CfnWebACL.StatementProperty) => ({
  name: `rate-${name}`,
  statement: {
    rateBasedStatement: {
      limit,
      evaluationWindowSec: WINDOW_SECONDS,
      aggregateKeyType: 'IP',
      ...(scopeDownStatement && { scopeDownStatement }),
    },
  },
  action: {
    block: {
      customResponse: {
        responseCode: 429,
        customResponseBodyKey: 'too-many',
        responseHeaders: [{ name: 'retry-after', value: '60' }],
      },
    },
  },
  visibilityConfig: visibility(`rate-${name}`),
})

const managed = (name: string, counted: readonly string[] = []) => ({
  name,
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name,
      scopeDownStatement: notWebhooks,
      ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
    },
  },
  overrideAction: { none: {} },
  visibilityConfig: visibility(name),
})
