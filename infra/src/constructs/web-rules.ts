import type { aws_wafv2 as waf } from 'aws-cdk-lib'
import type { EnvironmentDefinition } from '../environments.ts'

const WINDOW_SECONDS = 300
/**
 * Managed rules that only count, because they would block valid requests: seating plans are large bodies,
 * organizers write links and tags, API clients send no browser user agent. Services validate every body
 * against its contract.
 */
const COUNTED = ['SizeRestrictions_BODY', 'CrossSiteScripting_BODY', 'GenericRFI_BODY', 'NoUserAgent_HEADER']
/**
 * Limits of requests per IP address in five minutes for paths that could be used to guess passwords, flood
 * mailboxes or hold places.
 */
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
    // The same through the forms of HTML pages.
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
/** Normalizes the path: percent-decoded, dot segments and backslashes resolved, lower case. */
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
/** The gateway calls often and from few addresses; the path is protected by the webhook signature. */
const notWebhooks: waf.CfnWebACL.StatementProperty = {
  notStatement: { statement: pathWith('/api/payments/webhooks/', 'STARTS_WITH') },
}
const anyOf = (statements: waf.CfnWebACL.StatementProperty[]): waf.CfnWebACL.StatementProperty =>
  statements.length === 1 && statements[0] ? statements[0] : { orStatement: { statements } }

/** Returns the firewall rules of the edge; blocked requests get the contract's 404 and 429. */
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
