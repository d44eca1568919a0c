import https from 'node:https'
import path from 'node:path'
import { execa } from 'execa'
import { generate } from 'selfsigned'
import type { EnvironmentName } from '../environments.ts'
import type { Settings } from '../settings.ts'
import { CannotDeploy } from './cannot-deploy.ts'

const INFRA = path.resolve(import.meta.dirname, '../..')
const CDK = path.join(INFRA, 'node_modules/.bin/cdk')
const CERTIFICATE_DAYS = 825
const ASK_MS = 10_000

/** The CDK context with the selected environment and the settings. */
const contextOf = (environment: EnvironmentName | undefined, settings: Settings) => [
  ...(environment ? ['--context', `environment=${environment}`] : []),
  '--context',
  `settings=${JSON.stringify(settings)}`,
]

/**
 * Runs the CDK command line and passes its output through. Throws CannotDeploy if it fails; CDK has then
 * printed the reason.
 */
export async function runCdk(
  args: readonly string[],
  environment: EnvironmentName | undefined,
  settings: Settings,
): Promise<void> {
  const { exitCode } = await execa(CDK, [...args, ...contextOf(environment, settings), '--no-notices'], {
    cwd: INFRA,
    stdio: 'inherit',
    reject: false,
    env: { AWS_REGION: settings.region, AWS_DEFAULT_REGION: settings.region },
  })
  if (exitCode !== 0) throw new CannotDeploy(`cdk ${args[0]} failed: see the output above`)
}

export async function requireDocker(): Promise<void> {
  const { exitCode } = await execa('docker', ['info', '--format', '{{.ServerVersion}}'], {
    reject: false,
    stdio: 'ignore',
  })
  if (exitCode !== 0)
    throw new CannotDeploy(
      'no Docker engine is running, and images need one to be built: install Docker, or start it',
    )
}

/**
 * Creates a self-signed certificate for an environment without a domain: traffic is encrypted, the server is
 * not authenticated.
 */
export async function createCertificate(
  environment: EnvironmentName,
): Promise<{ certificate: string; privateKey: string }> {
  const name = `boxoffice-${environment}.example`
  const notAfterDate = new Date(Date.now() + CERTIFICATE_DAYS * 86_400_000)
  const { cert, private: privateKey } = await generate([{ name: 'commonName', value: name }], {
    keySize: 2048,
    algorithm: 'sha256',
    notAfterDate,
  })
  return { certificate: cert, privateKey }
}

export function askUrl(url: string, { trusted }: { trusted: boolean }): Promise<number | null> {
  return new Promise((resolve) => {
    const request = https.get(url, { rejectUnauthorized: trusted, timeout: ASK_MS }, (response) => {
      response.resume()
      resolve(response.statusCode ?? null)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(null))
  })
}
