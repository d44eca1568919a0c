import type { RoutingRule, ServiceKey } from '@boxoffice/contracts'
import { aws_elasticloadbalancingv2 as elb } from 'aws-cdk-lib'
import { idOf } from './names.ts'

/** A listener rule of the load balancer: forwards to a service, or answers itself. */
export type ListenerRule = { id: string; paths: readonly string[]; methods?: readonly string[] } & (
  | { service: ServiceKey }
  | { service: null; answer: elb.ListenerAction }
)

/** The answer for unknown paths: the same 404 that services give. */
export const notFound = elb.ListenerAction.fixedResponse(404, {
  contentType: 'application/json',
  messageBody: JSON.stringify({ error: 'ROUTE_NOT_FOUND', message: 'nothing here' }),
})

const welcome = elb.ListenerAction.fixedResponse(200, {
  contentType: 'text/html',
  messageBody:
    '<!doctype html><html lang="en"><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width"><title>Boxoffice</title>' +
    '<body style="max-width:40rem;margin:4rem auto;padding:0 1rem;font:1.1rem/1.5 system-ui">' +
    '<h1>Boxoffice</h1><p>Event tickets: sold once, paid once, delivered. ' +
    'This is the address of its API; <a href="/api/events">events on sale</a> are at /api/events.</p>',
})

/**
 * Returns the listener rules for a routing table, in order of priority: internal paths, answered with 404;
 * then the prefixes, longest first, and rules for certain methods before those for all; then the root page.
 * (WAF blocks other spellings of internal paths, which a path pattern does not match.)
 */
export function listenerRules(routing: readonly RoutingRule[]): ListenerRule[] {
  const internal: ListenerRule = {
    id: 'Internal',
    paths: ['/api/*/internal', '/api/*/internal/*', '/actuator', '/actuator/*'],
    service: null,
    answer: notFound,
  }
  const sorted = routing.toSorted(
    (a, b) =>
      b.prefix.length - a.prefix.length || Number(b.methods !== undefined) - Number(a.methods !== undefined),
  )
  const forwarded = sorted.map(
    ({ prefix, service, methods }): ListenerRule => ({
      id: idOf(`${methods?.join('-').toLowerCase() ?? ''}${prefix}`),
      paths: [prefix, `${prefix}/*`],
      ...(methods && { methods }),
      service,
    }),
  )
  return [internal, ...forwarded, { id: 'Root', paths: ['/'], service: null, answer: welcome }]
}
