import { type ServiceKey, services } from '@boxoffice/contracts'
import { aws_cloudwatch as cloudwatch, type Duration } from 'aws-cdk-lib'
import { METRICS_NAMESPACE } from '../names.ts'

type Dimensions = Record<string, string>

/** A metric that AWS publishes. */
export const metricOf = (
  namespace: string,
  metricName: string,
  dimensionsMap: Dimensions,
  options: { period: Duration; statistic: string; label?: string },
) => new cloudwatch.Metric({ namespace, metricName, dimensionsMap, ...options })

/**
 * A metric of a service (docs/metrics.md), as its collector writes it to CloudWatch; the maximum over its
 * tasks.
 */
export const ownMetric = (
  service: ServiceKey,
  metricName: string,
  labels: Dimensions,
  options: { period: Duration; statistic?: string },
) =>
  new cloudwatch.Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { service: services[service].name, ...labels },
    statistic: cloudwatch.Stats.MAXIMUM,
    label: [services[service].name, ...Object.values(labels)].join(' '),
    ...options,
  })
