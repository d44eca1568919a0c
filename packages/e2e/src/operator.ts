import { authInternalRoutes } from '@boxoffice/contracts'
import { createClient, createServiceIdentity } from '@boxoffice/service-kit'
import { loadSecrets } from '@boxoffice/stack'
import { expectStatus } from './person.ts'

/** Grants the role ADMIN as `boxoffice users grant` does, with the key of the system in `folder`. */
export async function grantAdmin(authUrl: string, folder: string, email: string): Promise<void> {
  const key = loadSecrets(folder).services['boxoffice-cli']?.privateKey
  if (!key) throw new Error('the secrets have no key for boxoffice-cli')
  const identity = createServiceIdentity('boxoffice-cli', key)
  const auth = createClient(authInternalRoutes, {
    baseUrl: authUrl,
    headers: () => identity.headersFor('auth-service'),
  })
  expectStatus(await auth.grantRole({ body: { email, role: 'ADMIN' } }), 200)
}
