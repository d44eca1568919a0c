import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Queue, queueNames, queues, serviceKeys } from '@boxoffice/contracts'
import { describe, expect, test } from 'vitest'
import { alarmKinds, runbookOf } from '../src/constructs/alarms.ts'
import { collectorConfig, shippedMetrics } from '../src/constructs/collector.ts'
import { everyEnvironment, type Json, objectsOf, settings, synthesize } from './synthesize.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const shipped = new Map(
  shippedMetrics.flatMap(({ labels, names }) => names.map((name) => [name, labels] as const)),
)
/** The services' metrics with their labels, from docs/metrics.md. */
const documented = readFileSync(path.join(ROOT, 'docs/metrics.md'), 'utf8')

describe.each(everyEnvironment())('in %s', (name, { all, resources }) => {
  const alarms = [...resources('observability', 'AWS::CloudWatch::Alarm').values()]
  const about = (kind: string) =>
    alarms
      .map(({ AlarmName }) => String(AlarmName))
      .flatMap((alarm) => alarm.split(`boxoffice-${name}-${kind}-`).slice(1))

  test('every alarm names an existing runbook and notifies operators', () => {
    expect(alarms.length).toBeGreaterThan(30)
    for (const { AlarmDescription, AlarmActions } of alarms) {
      const page = /What to do: (\S+)$/.exec(String(AlarmDescription))?.[1] ?? 'none'
      expect(existsSync(path.join(ROOT, page)), page).toBe(true)
      expect(AlarmActions).toHaveLength(1)
    }
    const [topic] = resources('observability', 'AWS::SNS::Subscription').values()
    expect(topic).toMatchObject({ Protocol: 'email', Endpoint: settings.operators })
  })

  test('every kind of alarm exists', () => {
    for (const kind of Object.keys(alarmKinds)) expect(about(kind).length, kind).toBeGreaterThan(0)
  })

  test('every queue has alarms for dead letters and delay; services for errors, latency, tasks', () => {
    expect(about('dead-letters').sort()).toEqual(
      queueNames.map((queue) => (queues[queue] as Queue).deadLetterQueue).sort(),
    )
    expect(about('messages-wait').sort()).toEqual(queueNames.toSorted())
    expect(about('slow-answers').sort()).toEqual(serviceKeys.toSorted())
    expect(about('no-healthy-tasks').sort()).toEqual(serviceKeys.toSorted())
    expect(about('server-errors').sort()).toEqual([...serviceKeys, 'edge'].sort())
  })

  test('alarms and the dashboard use only service metrics and labels that the collector sends', () => {
    const asked = [...objectsOf(all.observability.Resources as unknown as Json)].flatMap((found) =>
      found.Namespace === 'Boxoffice'
        ? [
            {
              name: String(found.MetricName),
              labels: (found.Dimensions as { Name: string }[]).map(({ Name }) => Name),
            },
          ]
        : [],
    )
    expect(asked.length).toBeGreaterThan(5)
    for (const { name: metric, labels } of asked)
      expect({ metric, labels: labels.sort() }).toEqual({
        metric,
        labels: [...(shipped.get(metric) ?? [])].sort(),
      })
  })

  test('operators are notified of a rolled-back deployment and before the budget is exceeded', () => {
    const [rule] = resources('observability', 'AWS::Events::Rule').values()
    expect(JSON.stringify(rule)).toContain('SERVICE_DEPLOYMENT_FAILED')
    expect(JSON.stringify(rule)).toContain(runbookOf('deployment-failed'))
    const [budget] = resources('observability', 'AWS::Budgets::Budget').values()
    expect(budget?.NotificationsWithSubscribers).toHaveLength(2)
  })

  test('every log group has the retention of the environment', () => {
    for (const stack of Object.keys(all)) {
      for (const log of resources(stack as 'data', 'AWS::Logs::LogGroup').values())
        expect(Number(log.RetentionInDays)).toBeGreaterThan(0)
    }
  })
})

test('every metric sent to CloudWatch is one that services record', () => {
  for (const [name, labels] of shipped) {
    const row = documented.split('\n').find((line) => line.includes(`\`${name}\``)) ?? ''
    expect(row, name).not.toBe('')
    for (const label of labels.filter((own) => own !== 'service'))
      expect(row, `${name}: ${label}`).toContain(label)
  }
})

test('every runbook is referred to by an alarm, a rule or the budget', () => {
  const pages = readdirSync(path.join(ROOT, 'docs/runbooks')).map((file) => `docs/runbooks/${file}`)
  const linked = readFileSync(path.join(ROOT, 'docs/runbooks/README.md'), 'utf8')
  for (const page of pages.filter((file) => !file.endsWith('README.md')))
    expect(linked, page).toContain(path.basename(page))
  for (const kind of [...Object.keys(alarmKinds), 'deployment-failed', 'budget'] as const)
    expect(pages).toContain(`docs/runbooks/${kind}.md`)
})

test('the collector receives traces and metrics on the loopback interface, and exports them', () => {
  const config = JSON.parse(
    collectorConfig('payments', { logGroup: '/boxoffice/dev/metrics', region: 'eu-west-1' }),
  )
  for (const { receivers, processors, exporters } of Object.values<Record<string, string[]>>(
    config.service.pipelines,
  )) {
    for (const name of receivers ?? []) expect(config.receivers).toHaveProperty(name)
    for (const name of processors ?? []) expect(config.processors).toHaveProperty(name)
    for (const name of exporters ?? []) expect(config.exporters).toHaveProperty(name)
  }
  expect(config.receivers.otlp.protocols.http.endpoint).toBe('127.0.0.1:4318')
  expect(config.receivers.prometheus.config.scrape_configs[0].static_configs[0].targets).toEqual([
    '127.0.0.1:8083',
  ])
})

test('without operators, there are no subscriptions', () => {
  expect(synthesize('dev', {}).resources('observability', 'AWS::SNS::Subscription').size).toBe(0)
})
