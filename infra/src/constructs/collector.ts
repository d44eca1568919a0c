import { type ServiceKey, services } from '@boxoffice/contracts'
import { METRICS_NAMESPACE } from '../names.ts'

/** Image of AWS's distribution of the OpenTelemetry collector, pinned by tag. */
export const COLLECTOR_IMAGE = 'public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1'
const OTLP_PORT = 4318

/**
 * The service metrics that are sent to CloudWatch, each with the labels that become its dimensions.
 * CloudWatch charges per metric and month, so all others stay at `/actuator/prometheus` (docs/metrics.md
 * lists them).
 */
export const shippedMetrics: readonly {
  readonly labels: readonly string[]
  readonly names: readonly string[]
}[] = [
  {
    labels: ['service'],
    names: [
      'outbox_oldest_unpublished_seconds',
      'notifications_oldest_pending_seconds',
      'projection_lag_seconds',
      'order_workers_busy',
    ],
  },
  { labels: ['service', 'state'], names: ['sagas_in_progress', 'sagas_oldest_seconds'] },
  { labels: ['service', 'callee'], names: ['circuit_breaker_state'] },
  { labels: ['service', 'use'], names: ['redis_connected'] },
  { labels: ['service', 'step'], names: ['compensation_failures_total'] },
  {
    labels: ['service', 'outcome'],
    names: ['orders_total', 'holds_total', 'check_ins_total', 'notifications_total'],
  },
]

/**
 * Returns the configuration of a service's collector sidecar, as JSON (a subset of YAML): it receives traces
 * on the loopback interface and forwards them to X-Ray, scrapes the service's metrics once a minute and
 * writes the selected ones to CloudWatch.
 */
export function collectorConfig(service: ServiceKey, options: { logGroup: string; region: string }): string {
  const names = shippedMetrics.flatMap((metric) => metric.names)
  return JSON.stringify({
    receivers: {
      otlp: { protocols: { http: { endpoint: `127.0.0.1:${OTLP_PORT}` } } },
      prometheus: {
        config: {
          scrape_configs: [
            {
              job_name: services[service].name,
              scrape_interval: '60s',
              metrics_path: '/actuator/prometheus',
              static_configs: [{ targets: [`127.0.0.1:${services[service].defaultPort}`] }],
              metric_relabel_configs: [
                { source_labels: ['__name__'], regex: names.join('|'), action: 'keep' },
              ],
            },
          ],
        },
      },
    },
    processors: {
      // Detects the task id, which names the log stream and is part of every trace.
      resourcedetection: { detectors: ['env', 'ecs'], timeout: '5s' },
      memory_limiter: { check_interval: '1s', limit_mib: 160 },
      batch: {},
    },
    exporters: {
      awsxray: {
        region: options.region,
        indexed_attributes: ['boxoffice.correlation_id', 'boxoffice.order_id'],
      },
      awsemf: {
        region: options.region,
        namespace: METRICS_NAMESPACE,
        log_group_name: options.logGroup,
        log_stream_name: '{TaskId}',
        dimension_rollup_option: 'NoDimensionRollup',
        resource_to_telemetry_conversion: { enabled: false },
        retain_initial_value_of_delta_metric: true, // the first of something is often the only one
        metric_declarations: shippedMetrics.map(({ labels, names: selectors }) => ({
          dimensions: [labels],
          metric_name_selectors: selectors.map((name) => `^${name}$`),
        })),
      },
    },
    service: {
      pipelines: {
        traces: {
          receivers: ['otlp'],
          processors: ['memory_limiter', 'resourcedetection', 'batch'],
          exporters: ['awsxray'],
        },
        metrics: {
          receivers: ['prometheus'],
          processors: ['memory_limiter', 'resourcedetection', 'batch'],
          exporters: ['awsemf'],
        },
      },
      telemetry: { logs: { level: 'warn' } },
    },
  })
}
