/**
 * What every answer says to browsers, whatever it is: come back over TLS alone (without TLS they pass it
 * over, RFC 6797, 8.1), take nothing for another type than it says, and tell nobody which page led to them.
 */
export const securityHeaders = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const
