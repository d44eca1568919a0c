import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { App } from 'aws-cdk-lib'
import { addEnvironment } from '../add-environment.ts'
import type { EnvironmentDefinition } from '../environments.ts'
import type { Settings } from '../settings.ts'

/**
 * Returns the stacks of an environment in deployment order, each with its number of resources and their
 * kinds.
 */
export function describeStacks(
  environment: EnvironmentDefinition,
  settings: Settings,
): { name: string; resources: number; kinds: string[] }[] {
  const outdir = mkdtempSync(path.join(tmpdir(), 'boxoffice-plan-'))
  try {
    const app = new App({
      outdir,
      context: { 'aws:cdk:disable-asset-staging': true },
      builtinCloudFormationValidation: false, // the templates are only counted here
    })
    addEnvironment(app, environment, settings)
    return app.synth().stacks.map(({ stackName, template }) => {
      const types = Object.values<{ Type: string }>(template.Resources).map(
        ({ Type }) => Type.split('::')[1] ?? Type,
      )
      return { name: stackName, resources: types.length, kinds: [...new Set(types)].sort() }
    })
  } finally {
    rmSync(outdir, { recursive: true })
  }
}
