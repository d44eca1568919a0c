import { routing, type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import { securityHeaders } from '@boxoffice/service-kit'
import {
  ArnFormat,
  aws_certificatemanager as acm,
  CfnOutput,
  CfnParameter,
  Duration,
  aws_elasticloadbalancingv2 as elb,
  aws_logs as logs,
  RemovalPolicy,
  aws_route53 as route53,
  Stack,
  type StackProps,
  aws_s3 as s3,
  aws_route53_targets as targets,
  aws_wafv2 as waf,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { webRules } from '../constructs/web-rules.ts'
import type { EnvironmentDefinition } from '../environments.ts'
import { acknowledge } from '../nag.ts'
import { prefixOf } from '../names.ts'
import { listenerRules, notFound } from '../routes.ts'
import { certificateOf, type Settings } from '../settings.ts'
import type { NetworkStack } from './network-stack.ts'

interface EdgeProps extends StackProps {
  environment: EnvironmentDefinition
  settings: Settings
  network: NetworkStack
}

const DRAIN_SECONDS = 30

/** The public entry point: the load balancer with its certificate, rules and firewall, and its DNS name. */
export class EdgeStack extends Stack {
  readonly loadBalancer: elb.ApplicationLoadBalancer
  readonly targetGroups: Readonly<Record<ServiceKey, elb.ApplicationTargetGroup>>
  readonly firewall: waf.CfnWebACL
  readonly certificateArn: string
  /** Base URL, without a trailing slash. */
  readonly url: string

  constructor(scope: Construct, id: string, { environment, settings, network, ...props }: EdgeProps) {
    super(scope, id, props)
    this.loadBalancer = new elb.ApplicationLoadBalancer(this, 'LoadBalancer', {
      loadBalancerName: `boxoffice-${environment.name}`,
      vpc: network.vpc,
      internetFacing: true,
      securityGroup: network.groups.loadBalancer,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elb.DesyncMitigationMode.STRICTEST,
      // services keep connections for 72 s, and streams say something every 15
      idleTimeout: Duration.seconds(60),
      deletionProtection: environment.keepsData,
      xffHeaderProcessingMode: elb.XffHeaderProcessingMode.APPEND,
    })
    this.loadBalancer.logAccessLogs(this.createLogBucket(environment), 'load-balancer')
    this.targetGroups = Object.fromEntries(
      serviceKeys.map((key) => [key, this.createTargetGroup(key, { environment, network })]),
    ) as typeof this.targetGroups
    this.certificateArn = this.createCertificate(settings)
    const listener = this.createListeners()
    for (const [index, rule] of listenerRules(routing).entries()) {
      new elb.ApplicationListenerRule(this, rule.id, {
        listener,
        priority: index + 1,
        conditions: [
          elb.ListenerCondition.pathPatterns([...rule.paths]),
          ...(rule.methods ? [elb.ListenerCondition.httpRequestMethods([...rule.methods])] : []),
        ],
        action: rule.service ? elb.ListenerAction.forward([this.targetGroups[rule.service]]) : rule.answer,
      })
    }
    this.firewall = this.createFirewall(environment)
    const { domain } = settings
    this.url = `https://${domain ?? this.loadBalancer.loadBalancerDnsName}`
    if (domain) this.createName(domain, settings)
    new CfnOutput(this, 'Url', { value: this.url })
  }

  private createTargetGroup(
    key: ServiceKey,
    of: Pick<EdgeProps, 'environment' | 'network'>,
  ): elb.ApplicationTargetGroup {
    return new elb.ApplicationTargetGroup(this, `${key}Targets`, {
      // two environments may share an account
      targetGroupName: `${of.environment.name}-${services[key].name}-tg`,
      vpc: of.network.vpc,
      port: services[key].defaultPort,
      protocol: elb.ApplicationProtocol.HTTP,
      targetType: elb.TargetType.IP,
      deregistrationDelay: Duration.seconds(DRAIN_SECONDS),
      loadBalancingAlgorithmType: elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: {
        path: '/actuator/health',
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        // A task that is not ready is replaced eventually, but not during a database failover, which takes a
        // minute.
        unhealthyThresholdCount: 3,
        healthyHttpCodes: '200',
      },
    })
  }

  /**
   * Adds the HTTPS listener, and one that redirects HTTP to it. Requests without a matching rule are answered
   * by the load balancer and reach no service.
   */
  private createListeners(): elb.ApplicationListener {
    this.loadBalancer.addListener('Http', {
      port: 80,
      open: false,
      defaultAction: elb.ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true }),
    })
    const https = this.loadBalancer.addListener('Https', {
      port: 443,
      open: false,
      protocol: elb.ApplicationProtocol.HTTPS,
      sslPolicy: elb.SslPolicy.RECOMMENDED_TLS,
      certificates: [elb.ListenerCertificate.fromArn(this.certificateArn)],
      defaultAction: notFound,
    })
    // Services send the same headers; this covers the load balancer's own responses.
    https.setAttribute(
      'routing.http.response.strict_transport_security.header_value',
      securityHeaders['strict-transport-security'],
    )
    https.setAttribute(
      'routing.http.response.x_content_type_options.header_value',
      securityHeaders['x-content-type-options'],
    )
    return https
  }

  /**
   * Returns the domain's certificate, validated in its hosted zone, or an existing one passed by the
   * deployment.
   */
  private createCertificate(settings: Settings): string {
    const { domain, zone, zoneName, certificate } = settings
    if (domain && zone && !certificate) {
      const hostedZone = route53.PublicHostedZone.fromHostedZoneAttributes(this, 'CertificateZone', {
        hostedZoneId: zone,
        zoneName: zoneName ?? domain,
      })
      const validation = acm.CertificateValidation.fromDns(hostedZone)
      return new acm.Certificate(this, 'Certificate', { domainName: domain, validation }).certificateArn
    }
    const parameter = new CfnParameter(this, 'CertificateArn', {
      description: 'ARN of an ACM certificate; without a domain the deployment creates a self-signed one',
      default: certificateOf(settings),
    })
    return parameter.valueAsString
  }

  private createName(domain: string, { zone, zoneName }: Settings): void {
    if (!zone) return // with an imported certificate, the operator manages the DNS record too
    new route53.ARecord(this, 'Name', {
      zone: route53.PublicHostedZone.fromHostedZoneAttributes(this, 'NameZone', {
        hostedZoneId: zone,
        zoneName: zoneName ?? domain,
      }),
      recordName: `${domain}.`,
      target: route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(this.loadBalancer)),
    })
  }

  private createFirewall(environment: EnvironmentDefinition): waf.CfnWebACL {
    const firewall = new waf.CfnWebACL(this, 'Firewall', {
      name: `boxoffice-${environment.name}`,
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      ...webRules(environment),
      visibilityConfig: {
        cloudWatchMetricsEnabled: true,
        sampledRequestsEnabled: true,
        metricName: `boxoffice-${environment.name}`,
      },
    })
    new waf.CfnWebACLAssociation(this, 'FirewallAssociation', {
      resourceArn: this.loadBalancer.loadBalancerArn,
      webAclArn: firewall.attrArn,
    })
    const log = new logs.LogGroup(this, 'FirewallLog', {
      logGroupName: `aws-waf-logs-${prefixOf(environment.name)}edge`, // the beginning is WAF's rule
      retention: environment.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    new waf.CfnLoggingConfiguration(this, 'FirewallLogging', {
      resourceArn: firewall.attrArn,
      logDestinationConfigs: [
        this.formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: log.logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      redactedFields: [{ singleHeader: { Name: 'authorization' } }, { queryString: {} }], // tokens
      loggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          {
            Behavior: 'KEEP',
            Requirement: 'MEETS_ANY',
            Conditions: [{ ActionCondition: { Action: 'BLOCK' } }, { ActionCondition: { Action: 'COUNT' } }],
          },
        ],
      },
    })
    return firewall
  }

  private createLogBucket(environment: EnvironmentDefinition): s3.Bucket {
    const bucket = new s3.Bucket(this, 'AccessLogs', {
      encryption: s3.BucketEncryption.S3_MANAGED, // the only kind that the load balancer can write to
      enforceSSL: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      lifecycleRules: [{ expiration: Duration.days(environment.logDays) }],
      // a bucket with something in it cannot be deleted
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    })
    acknowledge(
      bucket,
      'AwsSolutions-S1',
      'it is the bucket of access logs: logging who writes logs would never end',
    )
    return bucket
  }
}
