/**
 * Headers of every response: use TLS from now on (ignored without TLS, RFC 6797, 8.1), do not sniff content
 * types, send no referrer.
 */
export const securityHeaders = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const
