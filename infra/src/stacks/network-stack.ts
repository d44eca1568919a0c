import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import {
  CfnOutput,
  aws_servicediscovery as discovery,
  aws_ec2 as ec2,
  aws_ecs as ecs,
  aws_logs as logs,
  RemovalPolicy,
  Stack,
  type StackProps,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../environments.ts'
import { acknowledge } from '../nag.ts'
import { NAMESPACE } from '../names.ts'
import { cachesReads, calleesOf } from '../service-environment.ts'
import type { Settings } from '../settings.ts'

interface NetworkProps extends StackProps {
  environment: EnvironmentDefinition
  settings: Settings
}

/** The security groups: one per component; all rules between them are defined here. */
export interface SecurityGroups {
  loadBalancer: ec2.SecurityGroup
  services: Readonly<Record<ServiceKey, ec2.SecurityGroup>>
  /** One-shot tasks: migrations, the operators' command line. */
  operations: ec2.SecurityGroup
  database: ec2.SecurityGroup
  holds: ec2.SecurityGroup
  cache: ec2.SecurityGroup
}

/** The network: VPC, security groups and the rules between them, private DNS names, and the ECS cluster. */
export class NetworkStack extends Stack {
  readonly vpc: ec2.Vpc
  readonly cluster: ecs.Cluster
  readonly namespace: discovery.PrivateDnsNamespace
  readonly groups: SecurityGroups

  constructor(scope: Construct, id: string, { environment, settings, ...props }: NetworkProps) {
    super(scope, id, props)
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr('10.40.0.0/16'),
      availabilityZones: [...settings.zones]
        .slice(0, environment.zones)
        .map((zone) => `${this.region}${zone}`),
      natGateways: environment.natGateways,
      restrictDefaultSecurityGroup: false, // a custom resource for a group that nothing uses
      subnetConfiguration: [
        { name: 'edge', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'services', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
        { name: 'data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
      // layers of images: the bulk of a deployment
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
      flowLogs: {
        rejected: {
          destination: ec2.FlowLogDestination.toCloudWatchLogs(
            new logs.LogGroup(this, 'FlowLogs', {
              retention: environment.logDays,
              removalPolicy: RemovalPolicy.DESTROY,
            }),
          ),
          trafficType: ec2.FlowLogTrafficType.REJECT,
        },
      },
    })
    this.groups = this.createGroups()
    this.cluster = new ecs.Cluster(this, 'Cluster', {
      vpc: this.vpc,
      clusterName: `boxoffice-${environment.name}`,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    })
    this.namespace = new discovery.PrivateDnsNamespace(this, 'Names', { vpc: this.vpc, name: NAMESPACE })
    // Subnets and group of one-off tasks, which the deployment and operators start.
    new CfnOutput(this, 'OneShotSubnets', {
      value: this.vpc.privateSubnets.map((subnet) => subnet.subnetId).join(','),
    })
    new CfnOutput(this, 'OneShotGroup', { value: this.groups.operations.securityGroupId })
  }

  private createGroups(): SecurityGroups {
    const group = (id: string, description: string, allowAllOutbound = true) =>
      new ec2.SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound })
    const groups: SecurityGroups = {
      loadBalancer: group('LoadBalancerGroup', 'load balancer', false),
      services: Object.fromEntries(
        serviceKeys.map((key) => [key, group(`${key}Group`, services[key].name)]),
      ) as SecurityGroups['services'],
      operations: group('OperationsGroup', 'migrations and the command line of operators'),
      database: group('DatabaseGroup', 'PostgreSQL', false),
      holds: group('HoldsGroup', 'Redis of holds', false),
      cache: group('CacheGroup', 'Redis of caches', false),
    }
    for (const port of [80, 443])
      groups.loadBalancer.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(port), 'everybody')
    acknowledge(
      groups.loadBalancer,
      'AwsSolutions-EC23',
      'the load balancer is what the public calls, on 80 (redirected) and 443',
    )

    for (const key of serviceKeys) {
      const [own, port] = [groups.services[key], ec2.Port.tcp(services[key].defaultPort)]
      own.connections.allowFrom(groups.loadBalancer, port, 'public requests and health checks')
      own.connections.allowFrom(groups.operations, port, 'operators')
      for (const callee of calleesOf(key)) {
        groups.services[callee].connections.allowFrom(
          own,
          ec2.Port.tcp(services[callee].defaultPort),
          `${services[key].name} calls`,
        )
      }
      groups.database.connections.allowFrom(own, ec2.Port.tcp(5432), services[key].name)
      groups.holds.connections.allowFrom(own, ec2.Port.tcp(6379), services[key].name)
      if (cachesReads(key)) groups.cache.connections.allowFrom(own, ec2.Port.tcp(6379), services[key].name)
    }
    groups.database.connections.allowFrom(groups.operations, ec2.Port.tcp(5432), 'migrations')
    return groups
  }
}
