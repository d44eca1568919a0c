import pc from 'picocolors'
import type { Ports } from './ports.ts'
import type { Demo } from './seed/seed.ts'
import type { System } from './system.ts'

export interface ScreenOptions {
  urls: System['urls']
  ports: Ports
  demo: Demo
  /** As the user would type it. */
  folder: string
  seconds: number
  colours: boolean
}

const WIDTH = 76

/** Renders what a user needs to know after the start, on one page of 80 columns and under 40 lines. */
export function startScreen({ urls, ports, demo, folder, seconds, colours }: ScreenOptions): string {
  const { bold, dim, cyan, green } = pc.createColors(colours)
  const row = (name: string, value: string, width = 15) => `  ${dim(name.padEnd(width))}${value}`
  const pairs = (left: [string, number][], right: [string, number][]) =>
    Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
      const cell = ([name, port]: [string, number]) => `${dim(name.padEnd(17))}${String(port).padEnd(20)}`
      const cells = [left[index], right[index]].map((pair) => (pair ? cell(pair) : ' '.repeat(37)))
      return `  ${cells.join('')}`.trimEnd()
    })

  const state = 'Boxoffice is running'
  const time = `started in ${seconds.toFixed(1)} s`
  return [
    '',
    `${green(bold(state))}${' '.repeat(WIDTH - state.length - time.length)}${dim(time)}`,
    dim('─'.repeat(WIDTH)),
    bold('In the browser'),
    row('Start page', cyan(`${urls.edge}/`)),
    row('API reference', cyan(`${urls.edge}/docs`)),
    row('Mailbox', cyan(`${urls.mailbox}/`)),
    ...(urls.traces ? [row('Traces', cyan(`${urls.traces}/`))] : []),
    '',
    `${bold('Ports')} ${dim('on 127.0.0.1')}`,
    ...pairs(
      [
        ['edge', ports.edge],
        ['auth', ports.auth],
        ['events', ports.events],
        ['tickets', ports.tickets],
        ['payments', ports.payments],
        ['notifications', ports.notifications],
        ['analytics', ports.analytics],
      ],
      [
        ['SNS and SQS', ports.aws],
        ['mailbox', ports.mailbox],
        ['payment sandbox', ports.sandbox],
        ['text messages', ports.sms],
        ['PostgreSQL', ports.postgres],
        ['Redis', ports.redis],
      ],
    ),
    '',
    bold('Demo logins'),
    row('organizer', `${demo.organizer.email.padEnd(34)}${demo.organizer.password}`),
    row('buyer', `${demo.buyer.email.padEnd(34)}${demo.buyer.password}`),
    '',
    bold('On sale'),
    ...Object.values(demo.events).map(
      ({ eventId, name, eventDate }) => `  ${name.padEnd(24)}${dim(`${dayOf(eventDate)}  `)}${eventId}`,
    ),
    '',
    bold('Try next, in another terminal'),
    row('npm run demo', 'a purchase, step by step, with its QR code', 34),
    row('npm run -s boxoffice -- status', 'services, queues and sagas at a glance', 34),
    `  ${dim(`curl -s ${urls.edge}/api/events/${demo.events.festival.eventId}`)}`,
    '',
    dim(`Data and logs are in ${folder}/. Ctrl-C stops everything.`),
    '',
  ].join('\n')
}

const dayOf = (date: Date) =>
  new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: '2-digit', month: 'short' }).format(date)
