import { type App, type Environment, Tags } from 'aws-cdk-lib'
import type { EnvironmentDefinition } from './environments.ts'
import type { Settings } from './settings.ts'
import { DataStack } from './stacks/data-stack.ts'
import { EdgeStack } from './stacks/edge-stack.ts'
import { MessagingStack } from './stacks/messaging-stack.ts'
import { NetworkStack } from './stacks/network-stack.ts'
import { ObservabilityStack } from './stacks/observability-stack.ts'
import { ServicesStack } from './stacks/services-stack.ts'

/** Adds all stacks of an environment to the app, in the order in which they deploy. */
export function addEnvironment(app: App, environment: EnvironmentDefinition, settings: Settings) {
  const env: Environment = { region: settings.region, ...(settings.account && { account: settings.account }) }
  const about = (description: string) => ({
    env,
    environment,
    settings,
    description: `Boxoffice ${environment.name}: ${description}`,
    // A stack whose first creation failed must be deleted before it can be created again.
    terminationProtection: environment.keepsData && settings.established === true,
  })
  const id = (name: string) => `boxoffice-${environment.name}-${name}`
  const network = new NetworkStack(app, id('network'), about('network, private names and the cluster'))
  const messaging = new MessagingStack(app, id('messaging'), about('topics, queues and mail'))
  const data = new DataStack(app, id('data'), {
    ...about('PostgreSQL, Redis, secrets and migrations'),
    network,
    messaging,
  })
  const edge = new EdgeStack(app, id('edge'), {
    ...about('load balancer, certificate and firewall'),
    network,
  })
  const services = new ServicesStack(app, id('services'), {
    ...about('the six services'),
    network,
    data,
    messaging,
    edge,
  })
  const watched = { network, data, messaging, edge }
  const observability = new ObservabilityStack(app, id('observability'), {
    ...about('alarms, dashboard and budget'),
    ...watched,
  })
  observability.addStackDependency(services)
  const stacks = { network, messaging, data, edge, services, observability }
  for (const made of Object.values(stacks)) {
    Tags.of(made).add('application', 'boxoffice')
    Tags.of(made).add('environment', environment.name)
  }
  return stacks
}
