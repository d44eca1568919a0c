import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { addEnvironment } from '../src/add-environment.ts'
import { type EnvironmentName, environments } from '../src/environments.ts'
import { readSettings } from '../src/settings.ts'

const app = new App()
Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
const only: EnvironmentName | undefined = app.node.tryGetContext('environment')
const settings = readSettings(app.node.tryGetContext('settings'))
for (const environment of Object.values(environments)) {
  if (!only || environment.name === only) addEnvironment(app, environment, settings)
}
app.synth()
