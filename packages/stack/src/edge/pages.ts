import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import { createNonce, pagePolicy, sendPage } from '@boxoffice/service-kit'
import reference from '@scalar/fastify-api-reference'
import type { FastifyInstance } from 'fastify'
import { landingPage, type Running } from './landing-page.ts'

interface PagesOptions {
  upstreams: Partial<Record<ServiceKey, readonly string[]>>
  mailboxUrl: string
  smsUrl: string
}

const HEALTH_MS_MAX = 1_000

/** Serves `/` and `/docs` from this process; the browser refuses content from elsewhere. */
export async function mountPages(
  edge: FastifyInstance,
  { upstreams, mailboxUrl, smsUrl }: PagesOptions,
): Promise<void> {
  const present = serviceKeys.filter((key) => upstreams[key]?.length)

  edge.get('/', async (_request, reply) => {
    const running = await Promise.all(present.map((key) => look(key, upstreams[key] ?? [])))
    return sendPage(reply, (nonce) => landingPage({ running, mailboxUrl, smsUrl, nonce }))
  })

  const nonce = createNonce()
  await edge.register(reference, {
    routePrefix: '/docs',
    configuration: {
      pageTitle: 'Boxoffice API',
      nonce,
      sources: present.map((key) => ({ title: titleOf(key), slug: key, url: `/api/${key}/openapi.json` })),
      telemetry: false,
      withDefaultFonts: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: 'never',
      hideClientButton: true,
      defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
    },
    hooks: {
      onRequest: (_request, reply, done) => {
        reply.header('content-security-policy', pagePolicy(nonce, "'unsafe-inline'"))
        done()
      },
    },
  })
}

const titleOf = (key: ServiceKey) => `${key[0]?.toUpperCase()}${key.slice(1)}`
/** A service is up if any of its instances is. */
async function look(key: ServiceKey, instances: readonly string[]): Promise<Running> {
  const answers = instances.map(async (url) => {
    const response = await fetch(`${url}/actuator/health/ready`, {
      signal: AbortSignal.timeout(HEALTH_MS_MAX),
    })
    await response.body?.cancel()
    if (!response.ok) throw new Error(String(response.status))
  })
  const ready = await Promise.any(answers).then(
    () => true,
    () => false,
  )
  return { title: titleOf(key), path: `/api/${key}`, name: services[key].name, ready }
}
