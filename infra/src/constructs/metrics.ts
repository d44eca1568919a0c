import { type ServiceKey, services } from '@boxoffice/contracts'
import { aws_cloudwatch as cloudwatch, type Duration } from 'aws-cdk-lib'
import { METRICS_NAMESPACE } from '../names.ts'

type Dimensions = Record<string, string>

/** A metric of AWS's own. */
export const metricOf = (
  namespace: string,
  metricName: string,
  dimensionsMap: Dimensions,
  options: { period: Duration; statistic: string; label?: string },
) => new cloudwatch.Metric({ namespace, metricName, dimensionsMap, ...options })

/**
 * A metric that a service counts itself (docs/metrics.md), as the collector beside it wrote it: the highest
 * of its tasks.
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
