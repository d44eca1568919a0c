import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { App } from 'aws-cdk-lib'
import { addEnvironment } from '../add-environment.ts'
import type { EnvironmentDefinition } from '../environments.ts'
import type { Settings } from '../settings.ts'

/**
 * The stacks of an environment in the order in which they are made, with how many resources of what kinds
 * each has.
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
      builtinCloudFormationValidation: false, // of what is only counted here
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
