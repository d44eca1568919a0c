/** What is said of a metric: on the page, or by a service. */
export interface MetricSaid {
  type: string
  labels: string[]
}

/** The metrics that `docs/metrics.md` names, by section and name. `linux`: measured there alone. */
export function readMetricsPage(markdown: string): Map<string, Map<string, MetricSaid & { linux: boolean }>> {
  const sections = markdown.split(/^## /m).slice(1)
  return new Map(
    sections.map((section) => {
      const rows = [...section.matchAll(/^\| `([a-z_0-9]+)` *\|([^|]*)\|([^|]*)\|(.*)$/gm)]
      const metrics = rows.map(([, name = '', type = '', labels = '', rest = '']) => {
        const said = {
          type: type.trim(),
          labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label),
        }
        return [name, { ...said, linux: rest.includes('(Linux alone)') }] as const
      })
      return [section.split('\n', 1)[0]?.trim() ?? '', new Map(metrics)] as const
    }),
  )
}

/**
 * What a service's `/actuator/prometheus` registers, with the labels of the samples that are there, but for
 * `service`.
 */
export function readExposition(text: string): Map<string, MetricSaid> {
  const metrics = new Map<string, MetricSaid>()
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
