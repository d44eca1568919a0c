/** How tests run PostgreSQL, Redis, SNS and SQS: as programs of this machine, or in containers. */
export const storeKinds = ['processes', 'containers'] as const
export type StoreKind = (typeof storeKinds)[number]

/** The values of the variable `STACK`: `docker` for containers, empty for programs. */
const kindsByStack: Readonly<Record<string, StoreKind>> = { docker: 'containers' }

const NO_ENGINE =
  'STACK=docker runs the tests on containers, and no Docker engine answers here: ' +
  'start one (`docker info` must work), or run ' +
  '`npm test` without STACK, which needs none'

/**
 * Returns what `stack`, the value of the variable `STACK`, selects. Throws one sentence for an unknown value,
 * or if no engine answers. (A client without a daemon may be on the PATH, so the daemon is asked.)
 */
export async function chooseStores(
  stack: string | undefined,
  findEngine: () => Promise<unknown> = askEngine,
): Promise<StoreKind> {
  if (stack === undefined || stack === '') return 'processes'
  const kind = kindsByStack[stack]
  if (!kind) throw new Error(`STACK is ${stack}; set it to docker, or not at all`)
  await findEngine().catch((cause) => {
    throw new Error(NO_ENGINE, { cause })
  })
  return kind
}

// Imported on demand: it is large, and tests without containers do not need it.
const askEngine = async () => (await import('testcontainers')).getContainerRuntimeClient()
