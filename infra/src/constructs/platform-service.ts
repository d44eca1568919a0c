import { type ServiceKey, services } from '@boxoffice/contracts'
import {
  Duration,
  type aws_servicediscovery as discovery,
  type aws_ec2 as ec2,
  aws_ecs as ecs,
  type aws_elasticloadbalancingv2 as elb,
  aws_logs as logs,
  RemovalPolicy,
  Size,
  aws_applicationautoscaling as scaling,
  type aws_sqs as sqs,
} from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../environments.ts'
import { acknowledge } from '../nag.ts'
import { COLLECTOR_IMAGE, collectorConfig } from './collector.ts'
import { imageOf } from './images.ts'
import { permitCollector } from './permissions.ts'

interface PlatformServiceProps {
  service: ServiceKey
  environment: EnvironmentDefinition
  cluster: ecs.ICluster
  namespace: discovery.INamespace
  group: ec2.ISecurityGroup
  targetGroup: elb.ApplicationTargetGroup
  variables: Record<string, string>
  secrets: Record<string, ecs.Secret>
  /** Log group to which the collector writes metrics (embedded metric format). */
  metricsLog: logs.ILogGroup
  /** The queues that this service consumes. */
  consumes: readonly sqs.IQueue[]
}

const STOP_SECONDS = 30 // the service itself stops within 25
const CPU_PERCENT = 60
const LOG_BUFFER = Size.mebibytes(25) // what is more is dropped rather than waited for
const REQUESTS_PER_TASK = 3_000 // in a minute
const BACKLOG_PER_TASK = 100

/**
 * A service on Fargate: its container with a collector sidecar, behind the load balancer and under its
 * private name, with autoscaling. A deployment that does not become healthy is rolled back automatically.
 */
export class PlatformService extends Construct {
  readonly service: ecs.FargateService
  readonly taskDefinition: ecs.FargateTaskDefinition
  readonly logGroup: logs.LogGroup
  private readonly props: PlatformServiceProps

  constructor(scope: Construct, props: PlatformServiceProps) {
    super(scope, services[props.service].name)
    this.props = props
    const { service: key, environment, cluster, group, namespace, targetGroup } = props
    const { cpu, memoryMiB } = environment.services[key]
    this.logGroup = new logs.LogGroup(this, 'Log', {
      logGroupName: `/boxoffice/${environment.name}/${key}`,
      retention: environment.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.taskDefinition = new ecs.FargateTaskDefinition(this, 'Task', {
      family: `boxoffice-${environment.name}-${key}`,
      cpu,
      memoryLimitMiB: memoryMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    })
    acknowledge(
      this.taskDefinition,
      'AwsSolutions-ECS2',
      'secrets come from Secrets Manager; the rest is not secret, which a test checks against the ' +
        'configuration schema',
    )
    this.taskDefinition.obtainExecutionRole()
    acknowledge(
      this.taskDefinition,
      'AwsSolutions-IAM5[Resource::*]',
      'signing in to ECR and handing traces to X-Ray: actions that support no resource',
    )
    // Starts first and stops last, so that it receives the last spans too.
    const collector = this.addCollector()
    this.addContainer().addContainerDependencies({
      container: collector,
      condition: ecs.ContainerDependencyCondition.START,
    })
    this.service = new ecs.FargateService(this, 'Service', {
      serviceName: key,
      cluster,
      taskDefinition: this.taskDefinition,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      healthCheckGracePeriod: Duration.seconds(120), // two good checks of the load balancer are a minute
      securityGroups: [group],
      assignPublicIp: false,
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      cloudMapOptions: {
        name: services[key].name,
        cloudMapNamespace: namespace,
        dnsTtl: Duration.seconds(10),
      },
    })
    this.service.attachToApplicationTargetGroup(targetGroup)
    this.scale()
  }

  private addContainer(): ecs.ContainerDefinition {
    const { service: key, variables, secrets: secretVariables } = this.props
    const port = services[key].defaultPort
    return this.taskDefinition.addContainer(key, {
      containerName: key,
      image: imageOf(this, key),
      essential: true,
      environment: variables,
      secrets: secretVariables,
      portMappings: [{ containerPort: port, name: 'http' }],
      readonlyRootFilesystem: true,
      linuxParameters: new ecs.LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      stopTimeout: Duration.seconds(STOP_SECONDS),
      logging: ecs.LogDrivers.awsLogs({
        logGroup: this.logGroup,
        streamPrefix: 'service',
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: LOG_BUFFER,
      }),
      // Liveness, not readiness: the load balancer checks readiness, and tolerates the time of a database
      // failover.
      healthCheck: {
        command: [
          'CMD',
          'node',
          '-e',
          `fetch('http://127.0.0.1:${port}/actuator/health/live').then(` +
            '(answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))',
        ],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(60),
      },
    })
  }

  private addCollector(): ecs.ContainerDefinition {
    const { service: key, metricsLog } = this.props
    permitCollector(this.taskDefinition.taskRole, metricsLog.logGroupArn)
    return this.taskDefinition.addContainer('collector', {
      containerName: 'collector',
      image: ecs.ContainerImage.fromRegistry(COLLECTOR_IMAGE),
      essential: false, // a service sells without being watched
      environment: {
        AOT_CONFIG_CONTENT: collectorConfig(key, {
          logGroup: metricsLog.logGroupName,
          region: this.taskDefinition.stack.region,
        }),
      },
      memoryReservationMiB: 64,
      memoryLimitMiB: 256,
      enableRestartPolicy: true,
      readonlyRootFilesystem: true,
      logging: ecs.LogDrivers.awsLogs({
        logGroup: this.logGroup,
        streamPrefix: 'collector',
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: LOG_BUFFER,
      }),
    })
  }

  /** Scales by CPU and by requests; a service with queues also by the number of waiting messages per task. */
  private scale(): void {
    const { service: key, environment, targetGroup, consumes, cluster } = this.props
    const { tasksMin, tasksMax } = environment.services[key]
    const target = this.service.autoScaleTaskCount({ minCapacity: tasksMin, maxCapacity: tasksMax })
    const cooldown = { scaleOutCooldown: Duration.seconds(30), scaleInCooldown: Duration.minutes(5) }
    target.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: CPU_PERCENT, ...cooldown })
    target.scaleOnRequestCount('Requests', { requestsPerTarget: REQUESTS_PER_TASK, targetGroup, ...cooldown })
    for (const [index, queue] of consumes.entries()) {
      // Metric math, which the target tracking construct does not support.
      new scaling.CfnScalingPolicy(this, `Backlog${index === 0 ? '' : index + 1}`, {
        policyName: `boxoffice-${environment.name}-${key}-backlog-${index + 1}`,
        policyType: 'TargetTrackingScaling',
        serviceNamespace: 'ecs',
        scalableDimension: 'ecs:service:DesiredCount',
        resourceId: `service/${cluster.clusterName}/${this.service.serviceName}`,
        targetTrackingScalingPolicyConfiguration: {
          targetValue: BACKLOG_PER_TASK,
          scaleOutCooldown: 30,
          scaleInCooldown: 300,
          customizedMetricSpecification: {
            metrics: backlogPerTask(queue.queueName, cluster.clusterName, this.service.serviceName),
          },
        },
      }).node.addDependency(target)
    }
  }
}

const backlogPerTask = (queue: string, cluster: string, service: string) => [
  {
    id: 'perTask',
    expression: 'waiting / FILL(tasks, 1)',
    label: 'messages that wait for each task',
    returnData: true,
  },
  {
    id: 'waiting',
    returnData: false,
    metricStat: {
      stat: 'Sum',
      metric: {
        namespace: 'AWS/SQS',
        metricName: 'ApproximateNumberOfMessagesVisible',
        dimensions: [{ name: 'QueueName', value: queue }],
      },
    },
  },
  {
    id: 'tasks',
    returnData: false,
    metricStat: {
      stat: 'Average',
      metric: {
        namespace: 'ECS/ContainerInsights',
        metricName: 'RunningTaskCount',
        dimensions: [
          { name: 'ClusterName', value: cluster },
          { name: 'ServiceName', value: service },
        ],
      },
    },
  },
]
