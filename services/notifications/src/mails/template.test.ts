import { expect, test } from 'vitest'
import { compileTemplate, each } from './template.ts'

const page = (body: string) =>
  `<mjml><mj-body><mj-section><mj-column>${body}</mj-column></mj-section></mj-body></mjml>`
const textOf = (html: string) =>
  html
    .slice(html.indexOf('<body'))
    .replace(/<!--[\s\S]*?-->|<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()

test('values are escaped, in text and in attributes', async () => {
  const template = await compileTemplate(
    page('<mj-text>{{name}}</mj-text><mj-image src="cid:x" alt="{{name}}" />'),
  )
  const html = template({ name: `<b title="x">O'Neil & sons</b>` })
  expect(html.match(/&lt;b title=&quot;x&quot;&gt;O&#39;Neil &amp; sons&lt;\/b&gt;/g)).toHaveLength(2)
  expect(html).not.toContain('<b title')
})

test('text is isolated by markup in elements, and by characters elsewhere', async () => {
  const template = await compileTemplate(
    `<mjml><mj-head><mj-title>{{name}}</mj-title></mj-head><mj-body><mj-section>
      <mj-column><mj-text>For {{name}}, 2026</mj-text>
      <mj-image src="cid:x" alt="{{name}}" /></mj-column></mj-section></mj-body></mjml>`,
  )
  const html = template({ name: '\u2068دانا <b>\u2069' })
  expect(html).toContain('For <bdi>دانا &lt;b&gt;</bdi>, 2026')
  expect(html).toContain('<title>\u2068دانا &lt;b&gt;\u2069</title>')
  expect(html).toContain('alt="\u2068دانا &lt;b&gt;\u2069"')
  expect(html.match(/<bdi>/g)).toHaveLength(1)
})

test('a value that looks like a slot or a part stays text', async () => {
  const template = await compileTemplate(page('<mj-text>{{name}} {{secret}}</mj-text>'))
  const html = template({ name: '{{secret}} <!--each:lines-->', secret: 'hush' })
  expect(textOf(html)).toBe('{{secret}} &lt;!--each:lines--&gt; hush')
})

test('a part is repeated for each element, may be empty, and sees outer values', async () => {
  const seats = each('seats', '<mj-text>{{seat}} of {{ticket}} at {{event}}</mj-text>')
  const template = await compileTemplate(page(each('tickets', `<mj-text>{{ticket}}</mj-text>${seats}`)))
  const values = {
    event: 'Gala',
    tickets: [
      { ticket: 'A', seats: [{ seat: '1' }] },
      { ticket: 'B', seats: [] },
    ],
  }
  expect(textOf(template(values))).toBe('A 1 of A at Gala B')
})

test('a missing value, an unclosed part and invalid MJML are errors', async () => {
  const template = await compileTemplate(page('<mj-text>{{name}}</mj-text>'))
  expect(() => template({})).toThrow('there is no name')
  await expect(compileTemplate(page('<mj-raw><!--each:tickets--></mj-raw>'))).rejects.toThrow(
    'tickets does not end',
  )
  await expect(compileTemplate(page('<mj-nonsense />'))).rejects.toThrow()
})

test('a mail fetches nothing', async () => {
  const template = await compileTemplate(page('<mj-text font-family="Roboto">{{name}}</mj-text>'))
  expect(template({ name: '' }).replace(/xmlns(:\w)?="[^"]*"/g, '')).not.toMatch(/https?:/)
})
