/** A metric, as documented on the page or exposed by a service. */
export interface MetricDescription {
  type: string
  labels: string[]
}

/** Parses the metrics of `docs/metrics.md` by section and name. `linux`: exposed on Linux only. */
export function readMetricsPage(
  markdown: string,
): Map<string, Map<string, MetricDescription & { linux: boolean }>> {
  const sections = markdown.split(/^## /m).slice(1)
  return new Map(
    sections.map((section) => {
      const rows = [...section.matchAll(/^\| `([a-z_0-9]+)` *\|([^|]*)\|([^|]*)\|(.*)$/gm)]
      const metrics = rows.map(([, name = '', type = '', labels = '', rest = '']) => {
        const documented = {
          type: type.trim(),
          labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label),
        }
        return [name, { ...documented, linux: rest.includes('(Linux only)') }] as const
      })
      return [section.split('\n', 1)[0]?.trim() ?? '', new Map(metrics)] as const
    }),
  )
}

/**
 * Parses the metrics of a service's `/actuator/prometheus`, with the labels of their samples except
 * `service`.
 */
export function readExposition(text: string): Map<string, MetricDescription> {
  const metrics = new Map<string, MetricDescription>()
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
    metrics.set(name, { type, labels: [] })
  for (const [, sample = '', labels = ''] of text.matchAll(/^(\w+)\{([^}]*)\}/gm)) {
    const name = metrics.has(sample) ? sample : sample.replace(/_(bucket|sum|count)$/, '')
    const seen = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label)
    const metric = metrics.get(name)
    if (metric)
      metric.labels = [...new Set([...metric.labels, ...seen])].filter(
        (label) => !['service', 'le'].includes(label),
      )
  }
  return metrics
}
