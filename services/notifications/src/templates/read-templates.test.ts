import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readTemplates } from './read-templates.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function read(files: Record<string, string>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'templates-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
  return readTemplates(folder)
}
const page = (body: string) => `<mjml><mj-body>
<mj-section><mj-column>
${body}
</mj-column></mj-section>
</mj-body></mjml>`
const mailOf = (name: string, body: string, txt = 'Hello', subject = 'Doors') => ({
  [`${name}.mjml`]: page(body),
  [`${name}.txt`]: txt,
  [`${name}.subject`]: subject,
})
const ada = { firstName: 'Ada', locale: 'en' }

test('a mail is filled from any record: lists, choices, nested names, its reader’s first name', async () => {
  const templates = await read(
    mailOf(
      'doors-open',
      `<mj-raw>{{#each gates}}</mj-raw><mj-text>{{name}}, {{../event.name}}</mj-text><mj-raw>{{else}}</mj-raw>
      <mj-text>no gates</mj-text><mj-raw>{{/each}}</mj-raw>
      <mj-text>{{#if note}}{{note}}{{else}}nothing{{/if}}</mj-text>`,
      'Hi {{@firstName}}, {{@subject}}: {{#each gates}}{{@index}} {{name}};{{/each}}' +
        '{{#unless note}}nothing{{/unless}}',
      'Doors of {{event.name}}',
    ),
  )
  const payload = { event: { name: 'Gala' }, gates: [{ name: 'North' }, { name: 'South' }] }
  expect(templates.objectionsTo('doors-open', 'EMAIL', payload)).toEqual([])
  const mail = templates.mail('doors-open', payload, ada, null)
  expect(mail?.subject).toBe('Doors of Gala')
  expect(mail?.text).toBe('Hi Ada, Doors of Gala: 0 North;1 South;nothing')
  expect(mail?.html.match(/>(North|South), Gala</g)).toHaveLength(2)
  expect(mail?.html).toContain('>nothing<')
  expect(mail?.html).not.toContain('no gates')
  expect(templates.mail('doors-open', { ...payload, gates: [] }, ada, 'Its own')).toMatchObject({
    subject: 'Its own',
    html: expect.stringContaining('no gates'),
  })
  expect(templates.mail('another', payload, ada, null)).toBeNull()
})

test('values stay text: escaped in HTML, in one line in the subject', async () => {
  const templates = await read(
    mailOf(
      'a',
      '<mj-text><a href="{{link}}" title="{{name}}">{{name}}</a></mj-text>',
      '{{name}}',
      '{{name}}',
    ),
  )
  const name = '<b title="x">O\'Neil & {{secret}}</b>\r\nBcc: y'
  const mail = templates.mail('a', { name, link: 'https://x.example/?a=1&b=2', secret: 'hush' }, ada, null)
  const escaped = '&lt;b title&#x3D;&quot;x&quot;&gt;O&#x27;Neil &amp; {{secret}}&lt;/b&gt;'
  expect(mail?.html.match(new RegExp(escaped, 'g'))).toHaveLength(2)
  expect(mail?.html).not.toContain('<b title')
  expect(mail?.html).toContain('href="https://x.example/?a&#x3D;1&amp;b&#x3D;2"')
  expect(mail?.subject).toBe('<b title="x">O\'Neil & {{secret}}</b> Bcc: y')
})

test('a payload is plain data, whatever its names are', async () => {
  const templates = await read({
    'a.sms': '{{#each list}}{{#if ../note.text}}{{../note.text}}{{else}}{{this}} {{/if}}{{/each}}',
  })
  const payload = {
    list: ['x', '', 0, true],
    toString: 'a',
    valueOf: null,
    constructor: [1],
    ['__proto__']: { note: { text: 'no' } },
  }
  expect(templates.objectionsTo('a', 'SMS', payload)).toEqual([])
  expect(templates.text('a', payload, 'en')).toBe('x 0 true')
})

test('what a payload lacks is named, by its path, once', async () => {
  const templates = await read(
    mailOf(
      'a',
      `<mj-text>{{event.name}} {{event.name}}</mj-text>
      <mj-raw>{{#each seats}}</mj-raw><mj-text>{{row}}</mj-text><mj-raw>{{/each}}</mj-raw>
      <mj-button href="{{link}}">Go</mj-button>`,
      '{{#each seats}}{{row}} {{#if box}}{{box.number}}{{/if}}{{/each}}',
    ),
  )
  const objections = (payload: object) =>
    templates.objectionsTo('a', 'EMAIL', payload)?.map((one) => `${one.path} ${one.message}`)
  expect(objections({})).toEqual([
    'event.name is missing: the template needs it',
    'seats is missing: the template needs it',
    'link is missing: the template needs it',
  ])
  expect(
    objections({ event: { name: {} }, seats: [{ row: 1, box: {} }, {}], link: 'javascript:alert(1)' }),
  ).toEqual([
    'event.name must be a text, a number or a boolean',
    'seats.1.row is missing: the template needs it',
    'link must be a link that begins with https:// or http://',
    'seats.0.box.number is missing: the template needs it',
  ])
  expect(objections({ event: { name: 'x' }, seats: 'x', link: 'https://a.example' })).toEqual([
    'seats must be a list',
  ])
  expect(templates.objectionsTo('a', 'SMS', {})).toBeNull()
})

test.each([
  '<a href="{{#if link}}{{link}}{{else}}https://x.example{{/if}}">x</a>',
  '<a href="{{#unless no}}{{link}}{{/unless}}">x</a>',
  "<a href='{{#if no}}https://x.example{{else if link}}{{link}}{{/if}}'>x</a>",
  '<a href="{{#if no}}https://x.example{{/if}}{{link}}">x</a>',
  '<a href="{{#if no}}{{else}} {{/if}}{{link}}">x</a>',
  '{{#each list}}<a href="{{#if ../link}}{{../link}}{{/if}}">x</a>{{/each}}',
])('a value where a link may begin must be a link: %s', async (text) => {
  const templates = await read(mailOf('a', `<mj-text>${text}</mj-text>`))
  const objections = (link: string) => templates.objectionsTo('a', 'EMAIL', { link, list: [1] })
  expect(objections('https://x.example/?a=1')).toEqual([])
  expect(objections('javascript:alert(1)')).toEqual([
    { path: 'link', message: 'must be a link that begins with https:// or http://' },
  ])
})

test('a value elsewhere in a link is any text', async () => {
  const templates = await read(
    mailOf('a', '<mj-text><a href="https://{{#if a}}{{a}}{{/if}}x.example/{{b}}{{a}}">x</a></mj-text>'),
  )
  expect(templates.objectionsTo('a', 'EMAIL', { a: 'a.', b: 'b' })).toEqual([])
})

test('a reader gets the closest language, and a payload must serve every language', async () => {
  const templates = await read({
    ...mailOf('a', '<mj-text>{{name}}</mj-text>', 'base {{name}}{{#if base}}{{base.name}}{{/if}}', 'S'),
    ...mailOf('a.de', '<mj-text>{{name}}</mj-text>', 'de {{name}}', 'S'),
    ...mailOf('a.de-at', '<mj-text>{{name}}</mj-text>', 'de-at {{name}} {{more}}', 'S'),
  })
  const textIn = (locale: string) =>
    templates.mail('a', { name: 'x', more: 'y' }, { firstName: '', locale }, null)?.text
  expect(['pl', 'de', 'de-CH', 'de-AT'].map(textIn)).toEqual(['base x', 'de x', 'de x', 'de-at x y'])
  expect(
    templates
      .objectionsTo('a', 'EMAIL', { name: 'x', base: {} })
      ?.map((one) => one.path)
      .sort(),
  ).toEqual(['base.name', 'more'])
})

test('text messages are counted as networks do, with plain signs if that makes them shorter', async () => {
  const templates = await read({ 'a.sms': 'Doors of {{name}} – now' })
  const text = (name: string) => templates.text('a', { name }, 'en')
  expect(text('Gala\nFinale')).toBe('Doors of Gala Finale - now')
  expect(text('Święto')).toBe('Doors of Święto – now')
  expect(templates.objectionsTo('a', 'SMS', { name: 'x'.repeat(280) })).toEqual([])
  expect(templates.objectionsTo('a', 'SMS', { name: 'ś'.repeat(280) })).toEqual([
    { path: '', message: 'makes a text of 5 messages: it may be 2' },
  ])
})

test.each<[string, Record<string, string>, string]>([
  [
    'an unknown helper',
    mailOf('a', '<mj-text>\n{{upper name}}</mj-text>'),
    'a.mjml:4: there is no helper upper, only if, unless, each',
  ],
  [
    'an unknown block',
    mailOf('a', '<mj-text>x</mj-text>', 'x\n{{#with y}}{{/with}}'),
    'a.txt:2: there is no helper with, only if, unless, each',
  ],
  ['a syntax error', mailOf('a', '<mj-text>x</mj-text>', 'x\n\n{{#if y}}'), 'a.txt:3: Parse error on line 3'],
  [
    'a block closed as another',
    mailOf('a', '<mj-text>x</mj-text>', '\n{{#if y}}{{/each}}'),
    "a.txt:2: if doesn't match each",
  ],
  [
    'an unescaped value',
    mailOf('a', '<mj-text>{{{name}}}</mj-text>'),
    'a.mjml:3: {{{name}}} is not escaped: write {{name}}',
  ],
  [
    'an ampersand with the same effect',
    mailOf('a', '<mj-text>{{&name}}</mj-text>'),
    'a.mjml:3: {{{name}}} is not escaped',
  ],
  [
    'a name of a prototype',
    mailOf('a', '<mj-text>{{a.__proto__}} {{toString}}</mj-text>'),
    'a.mjml:3: a.__proto__ has a name of Object.prototype',
  ],
  [
    'a partial',
    mailOf('a', '<mj-text>{{> footer}}</mj-text>'),
    'a.mjml:3: partials and decorators are not supported',
  ],
  ['invalid MJML', mailOf('a', '\n<mj-nonsense />'), "a.mjml:4: Element mj-nonsense doesn't exist"],
  [
    'a block between elements',
    mailOf('a', '{{#if a}}<mj-text>x</mj-text>{{/if}}'),
    'a.mjml:3: {{#if a}} is where MJML allows no text',
  ],
  [
    'a value in a style',
    {
      ...mailOf('a', '<mj-text>x</mj-text>'),
      'a.mjml': '<mjml><mj-head><mj-style>.a { color: {{c}} }</mj-style></mj-head><mj-body></mj-body></mjml>',
    },
    'a.mjml:1: {{c}} is in a style',
  ],
  [
    'a value in the style of an element',
    mailOf('a', '<mj-text><span\nstyle="color:{{c}}">x</span></mj-text>'),
    'a.mjml:4: {{c}} is in a style',
  ],
  [
    'a value that MJML puts in a style',
    mailOf('a', '<mj-text>{{c}}</mj-text>\n<mj-text font-family="{{c}}">x</mj-text>'),
    'a.mjml:4: {{c}} is in a style',
  ],
  [
    'a value in a script',
    mailOf('a', `<mj-text><a href="https://x.example" onclick='say("{{c}}")'>x</a></mj-text>`),
    'a.mjml:3: {{c}} is in a style',
  ],
  [
    'a tag that MJML drops at one of two places',
    mailOf('a', '<mj-text>{{#if a}}x{{/if}}</mj-text>\n{{#if a}}<mj-text>y</mj-text>{{/if}}'),
    'a.mjml:4: {{#if a}} is where MJML allows no text',
  ],
  [
    'a first name as a link',
    mailOf('a', '<mj-button href="{{#if a}}{{@firstName}}{{/if}}">x</mj-button>'),
    'a.mjml:3: @firstName is not a link',
  ],
  [
    'a value that is not a link as a link',
    {
      'PAYMENT_FAILED.mjml': page('<mj-button href="{{#if why}}{{why}}{{/if}}">x</mj-button>'),
      'PAYMENT_FAILED.txt': 'x',
    },
    'PAYMENT_FAILED.mjml:3: why is not a link',
  ],
  ['an include', mailOf('a', '<mj-include path="/etc/passwd" />'), 'a.mjml:3: mj-include is not supported'],
  [
    'a mail without its text',
    { 'a.mjml': page('<mj-text>x</mj-text>'), 'a.subject': 'x' },
    'a.txt: is missing',
  ],
  [
    'a language alone',
    mailOf('a.de', '<mj-text>x</mj-text>'),
    'a.mjml: is missing: the file without a language is the fallback for all others',
  ],
  ['a file of another kind', { 'logo.png': 'x' }, 'logo.png: is not a template'],
  [
    'an unknown placeholder of a type',
    { 'PAYMENT_FAILED.mjml': page('<mj-text>\n{{password}}</mj-text>'), 'PAYMENT_FAILED.txt': 'x' },
    'PAYMENT_FAILED.mjml:4: there is no password, only ',
  ],
  [
    'a list of a type as text',
    { 'PAYMENT_FAILED.mjml': page('<mj-text>{{totals}}</mj-text>'), 'PAYMENT_FAILED.txt': 'x' },
    'PAYMENT_FAILED.mjml:3: totals is a list',
  ],
  [
    'a type of several mails',
    mailOf('TICKET_TRANSFERRED', '<mj-text>x</mj-text>'),
    'it has several mails, TICKET_TRANSFERRED_SENT',
  ],
  [
    'a text message of a type that has none',
    { 'USER_WELCOME.sms': 'x' },
    'USER_WELCOME.sms:1: USER_WELCOME is not sent by SMS',
  ],
  [
    'another value in a text message of a type',
    { 'EVENT_CANCELLED.sms': '{{firstName}}' },
    'there is no firstName, only eventName, when',
  ],
  [
    'a text message of a type that is too long without any name',
    { 'EVENT_CANCELLED.sms': `{{eventName}}${'x'.repeat(307)}` },
    "EVENT_CANCELLED.sms:1: takes 3 messages without the event's name: it may be 2",
  ],
  [
    'one that is too long for some values',
    { 'TICKET_TRANSFERRED.sms': `{{eventName}}{{#unless received}}${'x'.repeat(307)}{{/unless}}` },
    "TICKET_TRANSFERRED.sms:1: takes 3 messages without the event's name: it may be 2",
  ],
])('%s is refused, with its file and line', async (_, files, message) => {
  await expect(read(files)).rejects.toThrow(message)
})

test('all faults are reported at once; hidden files and notes are skipped', async () => {
  const files = { ...mailOf('a', '<mj-text>{{{x}}}</mj-text>', '{{y z}}'), '.hidden': 'x', 'README.md': 'x' }
  await expect(read(files)).rejects.toThrow(/a\.mjml:3: .*\na\.txt:1: /)
  await expect(readTemplates('/nowhere/at/all')).rejects.toThrow('ENOENT')
  expect(
    (await read(mailOf('constructor', '<mj-text>{{x}}</mj-text>'))).mail('constructor', { x: 'y' }, ada, null)
      ?.text,
  ).toBe('Hello')
  expect((await readTemplates(null)).mail('a', {}, ada, null)).toBeNull()
})
