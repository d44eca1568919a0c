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

/** The context that tells the app which environment is meant, and everything of the account. */
const contextOf = (environment: EnvironmentName | undefined, settings: Settings) => [
  ...(environment ? ['--context', `environment=${environment}`] : []),
  '--context',
  `settings=${JSON.stringify(settings)}`,
]

/**
 * Run CDK's command line; what it says is passed through. Throws CannotDeploy when it fails, whose reason it
 * has said.
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
  if (exitCode !== 0) throw new CannotDeploy(`cdk ${args[0]} failed: the reason stands above`)
}

export async function requireDocker(): Promise<void> {
  const { exitCode } = await execa('docker', ['info', '--format', '{{.ServerVersion}}'], {
    reject: false,
    stdio: 'ignore',
  })
  if (exitCode !== 0)
    throw new CannotDeploy(
      'no Docker engine answers here, and images are built by one: install Docker, or start it',
    )
}

/**
 * A certificate that signs itself, for an environment that has no name: what is sent is encrypted, who
 * answers is not proved.
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
