import type { EnvironmentName } from '../environments.ts'
import { readSettings, type Settings } from '../settings.ts'
import type { Cloud } from './cloud.ts'

const nameOf = (environment: EnvironmentName) => `/boxoffice/${environment}/settings`

/**
 * Returns the settings of earlier deployments, overridden by `given`. Throws one error that names everything
 * invalid.
 */
export async function recallSettings(
  cloud: Cloud,
  environment: EnvironmentName,
  given: Partial<Settings> = {},
): Promise<Settings> {
  const stored = await cloud.findParameter(nameOf(environment))
  return readSettings(JSON.stringify({ ...(stored && JSON.parse(stored)), ...given }))
}

/** Saves the settings in the account for later deployments. */
export async function rememberSettings(
  cloud: Cloud,
  environment: EnvironmentName,
  settings: Settings,
): Promise<void> {
  const json = JSON.stringify(settings)
  if (json !== (await cloud.findParameter(nameOf(environment))))
    await cloud.putParameter(nameOf(environment), json)
}
