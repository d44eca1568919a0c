import { idempotencyOf, publicApi, type Route } from '../../packages/contracts/src/index.ts'

/** File with the client's table of operations. */
export const clientOperationsFile = 'packages/client/src/operations.ts'

/**
 * Returns the source of the client's table of operations: what the client needs at run time, without
 * contracts and zod. Operators have the command line: a browser does not load their operations.
 */
export function clientOperationsText(): string {
  const services = Object.entries(publicApi).map(([service, routes]) => {
    const entries = Object.entries(routes as Record<string, Route>)
      .filter(([, { access }]) => access !== 'operator')
      .map(([name, route]) => `    ${name}: ${entryOf(route)},`)
    return `  ${service}: {\n${entries.join('\n')}\n  },`
  })
  return `// Written by \`npm run from-contracts\`; do not edit.

/** Method, path, and whether an idempotency key is sent, by operation. */
export type OperationEntry = readonly [method: string, path: string, sendsKey?: true]

export const operations: Readonly<Record<string, Readonly<Record<string, OperationEntry>>>> = {
${services.join('\n')}
}
`
}

const entryOf = (route: Route): string =>
  `['${route.method}', '${route.path}'${idempotencyOf(route) === 'none' ? '' : ', true'}]`
