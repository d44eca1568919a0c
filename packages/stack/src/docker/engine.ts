/** What PostgreSQL, Redis, SNS and SQS of a test run are: programs of this machine, or containers. */
export const storeKinds = ['processes', 'containers'] as const
export type StoreKind = (typeof storeKinds)[number]

/** What the variable `STACK` asks for: containers with `docker`, nothing else than programs without it. */
const kindsByStack: Readonly<Record<string, StoreKind>> = { docker: 'containers' }

const NO_ENGINE =
  'STACK=docker runs the tests on containers, and no Docker engine answers here: start one (`docker info` must work), or run ' +
  '`npm test` without STACK, which needs none'

/**
 * What `stack`, the value of the variable `STACK`, asks for. Throws one sentence when it asks for what there
 * is not: another word, or containers where no engine answers. (A client without a daemon may well be on the
 * PATH: the daemon is asked.)
 */
export async function chooseStores(
  stack: string | undefined,
  findEngine: () => Promise<unknown> = askEngine,
): Promise<StoreKind> {
  if (stack === undefined || stack === '') return 'processes'
  const kind = kindsByStack[stack]
  if (!kind) throw new Error(`STACK is ${stack}; it may be docker, or not be set`)
  await findEngine().catch((cause) => {
    throw new Error(NO_ENGINE, { cause })
  })
  return kind
}

// Read when it is needed: it is large, and whoever runs without containers need not wait for it.
const askEngine = async () => (await import('testcontainers')).getContainerRuntimeClient()
