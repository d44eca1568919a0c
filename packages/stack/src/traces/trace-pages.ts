import { escapeHtml, page } from '@boxoffice/service-kit'
import type { ReceivedSpan } from './otlp.ts'
import {
  isStatement,
  remarkOf,
  rowsOf,
  shortName,
  summaryOf,
  type TraceRow,
  type TraceSummary,
} from './trace.ts'

/** The filter of a list of traces. */
export type Shown = 'all' | 'changes' | 'failed'

const DEPTH_MAX = 16
const shownOf: Record<Shown, (summary: TraceSummary) => boolean> = {
  all: () => true,
  changes: ({ root }) => !/^(GET|HEAD|OPTIONS)\b/.test(root),
  failed: ({ failed }) => failed > 0,
}
const listNames: Record<Shown, string> = { all: 'All', changes: 'Without reading', failed: 'With failures' }
const services = ['auth', 'event', 'ticket', 'payment', 'notification']

const depthStyles = Array.from(
  { length: DEPTH_MAX + 1 },
  (_, depth) => `.d${depth} { padding-left: ${depth * 1.1}rem }`,
)
const styles = `
      body { max-width: 84rem }
      nav { margin: 1rem 0; color: var(--quiet) }
      nav a { margin-right: 1rem }
      nav strong { margin-right: 1rem }
      td, th { vertical-align: baseline }
      .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
      td:first-child, .quiet { color: var(--quiet) }
      .quiet { font-size: .875rem }
      .bad { color: var(--bad); fill: var(--bad) }
      .tag { display: inline-block; margin-right: .3rem; padding: 0 .45rem; border-radius: 1rem;
        border: 1px solid currentColor; font-size: .78rem; line-height: 1.5; white-space: nowrap }
      .auth { color: light-dark(#0f6a8b, #6cc7e8); fill: light-dark(#0f6a8b, #6cc7e8) }
      .event { color: light-dark(#8a5300, #f0b35b); fill: light-dark(#8a5300, #f0b35b) }
      .ticket { color: light-dark(#6d28d9, #b794f6); fill: light-dark(#6d28d9, #b794f6) }
      .payment { color: light-dark(#1a6b3c, #7bd89b); fill: light-dark(#1a6b3c, #7bd89b) }
      .notification { color: light-dark(#a11d5b, #f58fbe); fill: light-dark(#a11d5b, #f58fbe) }
      .other { color: var(--quiet); fill: var(--quiet) }
      .spans { margin-top: 1.5rem; font-size: .9rem; line-height: 1.4 }
      .spans summary, .scale { display: grid;
        grid-template-columns: minmax(0, 3fr) 5.5rem minmax(8rem, 4fr) 5rem; gap: .75rem;
        align-items: center; padding: .16rem 0; list-style: none; cursor: pointer }
      .spans summary::-webkit-details-marker { display: none }
      .spans details { border-bottom: 1px solid color-mix(in srgb, var(--line) 55%, transparent) }
      .spans summary:hover { background: color-mix(in srgb, var(--line) 40%, transparent) }
      .spans summary:focus-visible { outline: 2px solid var(--accent) }
      .scale { cursor: default; color: var(--quiet); font-size: .8rem; border-bottom: 1px solid var(--line) }
      .scale span:nth-child(3) { display: flex; justify-content: space-between }
      .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
      .statement .name { color: var(--quiet); font-family: ui-monospace, monospace; font-size: .8rem }
      svg { display: block; width: 100%; height: .7rem;
        background: color-mix(in srgb, var(--line) 35%, transparent); border-radius: 2px }
      .statement svg { height: .4rem }
      dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem 1rem;
        margin: .3rem 0 .8rem 1.5rem; font-size: .82rem }
      dt { color: var(--quiet) }
      dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace }
      ${depthStyles.join(' ')}`

const failedOf = ({ failed }: TraceSummary) =>
  failed > 0 ? ` <span class="bad">${failed} failed</span>` : ''

/** Renders the latest traces, newest first. */
export function listPage(traces: readonly TraceSummary[], shown: Shown, nonce: string): string {
  const rows = traces.filter(shownOf[shown]).map(
    (trace) => `
      <tr>
        <td class="number">${timeOf(trace.startMs)}</td>
        <td><a href="/traces/${trace.traceId}">${escapeHtml(trace.root)}</a>${failedOf(trace)}</td>
        <td>${trace.services.map(tagOf).join('')}</td>
        <td class="number">${trace.spans}</td>
        <td class="number">${durationOf(trace.durationMs)}</td>
      </tr>`,
  )
  const lists = (Object.keys(listNames) as Shown[]).map((key) =>
    key === shown ? `<strong>${listNames[key]}</strong>` : `<a href="/?show=${key}">${listNames[key]}</a>`,
  )
  const table = `<table>
      <thead><tr><th class="number">Began (UTC)</th><th>What began it</th><th>Services</th>
        <th class="number">Spans</th><th class="number">Took</th></tr></thead>
      <tbody>${rows.join('')}
      </tbody></table>`
  return page({
    title: 'Traces',
    nonce,
    styles,
    body: `
    <h1>Traces</h1>
    <p>The newest first; they are kept in memory until the system stops. In a terminal:
      <code>/traces/latest.txt?root=POST</code></p>
    <nav>${lists.join('')}</nav>
    ${rows.length > 0 ? table : '<p>None yet: buy a ticket, or send a request.</p>'}`,
  })
}

/** Renders one trace as a waterfall; with its PostgreSQL and Redis statements if `statements` is set. */
export function tracePage(
  traceId: string,
  spans: readonly ReceivedSpan[],
  statements: boolean,
  nonce: string,
): string {
  const summary = summaryOf(traceId, spans)
  const rows = rowsOf(spans).filter(({ span }) => statements || !isStatement(span))
  const count = spans.filter(isStatement).length
  const other = statements
    ? `<a href="/traces/${traceId}?statements=no">Without statements and commands (${count})</a>`
    : `<a href="/traces/${traceId}">With statements and commands (${count})</a>`
  const failed = summary.failed > 0 ? ` · <span class="bad">${summary.failed} failed</span>` : ''
  return page({
    title: `${escapeHtml(summary.root)}: ${durationOf(summary.durationMs)}`,
    nonce,
    styles,
    body: `
    <h1>${escapeHtml(summary.root)}</h1>
    <p class="quiet">${durationOf(summary.durationMs)} · ${summary.spans} spans${failed} ·
      ${timeOf(summary.startMs)} UTC · ${summary.services.map(tagOf).join('')}<br><code>${traceId}</code></p>
    <nav><a href="/">All traces</a>${other}<a href="/traces/${traceId}.txt">As text</a></nav>
    <div class="spans">
      <div class="scale"><span>What</span><span>Where</span>
        <span><span>0</span><span>${durationOf(summary.durationMs / 2)}</span>
          <span>${durationOf(summary.durationMs)}</span></span>
        <span class="number">Took</span></div>${rows.map((row) => rowHtml(row, summary)).join('')}
    </div>`,
  })
}

function rowHtml({ span, depth }: TraceRow, { startMs, durationMs }: TraceSummary): string {
  const percent = (milliseconds: number) =>
    `${((100 * milliseconds) / Math.max(durationMs, 0.001)).toFixed(3)}%`
  const tookMs = span.endMs - span.startMs
  const began = percent(span.startMs - startMs)
  const remark = remarkOf(span)
  const title = `${span.name} ${remark}`.trim()
  const facts = {
    kind: span.kind.toLowerCase(),
    began: `${(span.startMs - startMs).toFixed(1)} ms`,
    ...span.attributes,
  }
  return `
      <details${isStatement(span) ? ' class="statement"' : ''}>
        <summary>
          <span class="name d${Math.min(depth, DEPTH_MAX)}" title="${escapeHtml(title)}">
            ${escapeHtml(span.name)}
            <span class="${span.failed === null ? 'quiet' : 'bad'}">${escapeHtml(remark)}</span></span>
          <span>${isStatement(span) ? '' : tagOf(span.service)}</span>
          <svg aria-hidden="true" class="${span.failed === null ? classOf(span.service) : 'bad'}">
            <rect x="${began}" width="2" height="100%"></rect>
            <rect x="${began}" width="${percent(tookMs)}" height="100%"></rect></svg>
          <span class="number">${durationOf(tookMs)}</span>
        </summary>
        <dl>${Object.entries(facts)
          .map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`)
          .join('')}</dl>
      </details>`
}

const classOf = (service: string) => (services.includes(shortName(service)) ? shortName(service) : 'other')
const tagOf = (service: string) =>
  `<span class="tag ${classOf(service)}">${escapeHtml(shortName(service))}</span>`
const timeOf = (milliseconds: number) => new Date(milliseconds).toISOString().slice(11, 23)
const durationOf = (milliseconds: number) =>
  milliseconds >= 1_000
    ? `${(milliseconds / 1_000).toFixed(2)} s`
    : `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
