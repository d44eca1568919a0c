import { type App, type Environment, Tags } from 'aws-cdk-lib'
import type { EnvironmentDefinition } from './environments.ts'
import type { Settings } from './settings.ts'
import { DataStack } from './stacks/data-stack.ts'
import { EdgeStack } from './stacks/edge-stack.ts'
import { MessagingStack } from './stacks/messaging-stack.ts'
import { NetworkStack } from './stacks/network-stack.ts'
import { ObservabilityStack } from './stacks/observability-stack.ts'
import { ServicesStack } from './stacks/services-stack.ts'

/** All stacks of an environment, in the order in which they can be made. */
export function addEnvironment(app: App, environment: EnvironmentDefinition, settings: Settings) {
  const env: Environment = { region: settings.region, ...(settings.account && { account: settings.account }) }
  const stack = (name: string, description: string) => ({
    env,
    environment,
    settings,
    stackName: `boxoffice-${environment.name}-${name}`,
    description: `Boxoffice ${environment.name}: ${description}`,
    terminationProtection: environment.keepsData,
  })
  const id = (name: string) => `${environment.name}-${name}`
  const network = new NetworkStack(app, id('network'), stack('network', 'network, private names and the cluster'))
  const messaging = new MessagingStack(app, id('messaging'), stack('messaging', 'topics, queues and mail'))
  const data = new DataStack(app, id('data'), {
    ...stack('data', 'PostgreSQL, Redis, secrets and migrations'),
    network,
    messaging,
  })
  const edge = new EdgeStack(app, id('edge'), { ...stack('edge', 'load balancer, certificate and firewall'), network })
  const services = new ServicesStack(app, id('services'), {
    ...stack('services', 'the five services'),
    network,
    data,
    messaging,
    edge,
  })
  const watched = { network, data, messaging, edge }
  const observability = new ObservabilityStack(app, id('observability'), {
    ...stack('observability', 'alarms, dashboard and budget'),
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
