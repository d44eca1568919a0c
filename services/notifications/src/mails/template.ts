import mjml2html from 'mjml'

/**
 * The values of a template: texts, and lists for repeated parts. A list of none or one makes a part optional.
 */
export type Values = { readonly [name: string]: string | readonly Values[] }

/** The names of a template's values: of a text, or of a list with the names of its elements. */
export interface Known {
  readonly [name: string]: 'TEXT' | Known
}

/** Fills a template and escapes every text. */
export type Template = ((values: Values) => string) & { readonly known: Known }

/** A slot may get markup in text, but not in an attribute or the title. */
type Node = { text: string } | { slot: string; takesMarkup: boolean } | { each: string; nodes: Node[] }

/**
 * Returns MJML that is repeated for each element of the list `name`; an element's values take precedence over
 * outer ones.
 */
export const each = (name: string, mjml: string): string =>
  `<mj-raw><!--each:${name}--></mj-raw>${mjml}<mj-raw><!--end:${name}--></mj-raw>`

/**
 * Compiles MJML with `{{name}}` for texts and `each(…)` for lists. Filling is string work. Rejects if the
 * source is not valid MJML.
 */
export async function compileTemplate(source: string): Promise<Template> {
  // no fonts: a mail fetches nothing
  const { html } = await mjml2html(source, { validationLevel: 'strict', fonts: {} })
  // Unindented, a mail of many tickets stays below the size at which mail programs cut.
  const tokens = html.replace(/\n\s+/g, '\n').split(/(<!--(?:each|end):\w+-->|\{\{\w+\}\})/)
  const nodes = parse(tokens, null, { html: '' })
  return Object.assign((values: Values) => fill(nodes, [values]), { known: knownOf(nodes) })
}

function knownOf(nodes: readonly Node[]): Known {
  const known: Record<string, 'TEXT' | Known> = {}
  for (const node of nodes) {
    if ('slot' in node) known[node.slot] = 'TEXT'
    if ('each' in node)
      known[node.each] = { ...(known[node.each] as Known | undefined), ...knownOf(node.nodes) }
  }
  return known
}

/**
 * Parses nodes up to the end of the part `open`, or of the template; consumes `tokens`. `before`: the
 * preceding HTML.
 */
function parse(tokens: string[], open: string | null, before: { html: string }): Node[] {
  const nodes: Node[] = []
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    const [, mark, part, slot] = /^(?:<!--(each|end):(\w+)-->|\{\{(\w+)\}\})$/.exec(token) ?? []
    if (slot) nodes.push({ slot, takesMarkup: isText(before.html) })
    else if (mark === 'each' && part) nodes.push({ each: part, nodes: parse(tokens, part, before) })
    else if (mark === 'end') {
      if (part !== open) throw new Error(`template: ${part} ends where ${open} is open`)
      return nodes
    } else {
      nodes.push({ text: token })
      before.html += token
    }
  }
  if (open !== null) throw new Error(`template: ${open} does not end`)
  return nodes
}

const isText = (html: string) =>
  html.lastIndexOf('<') < html.lastIndexOf('>') && html.lastIndexOf('<title') <= html.lastIndexOf('</title')

function fill(nodes: readonly Node[], scopes: readonly Values[]): string {
  const find = (name: string) => {
    const value = scopes.find((scope) => scope[name] !== undefined)?.[name]
    if (value === undefined) throw new Error(`template: there is no ${name}`)
    return value
  }
  return nodes
    .map((node) => {
      if ('text' in node) return node.text
      if ('slot' in node) return (node.takesMarkup ? textHtml : escapeHtml)(find(node.slot) as string)
      return (find(node.each) as readonly Values[])
        .map((item) => fill(node.nodes, [item, ...scopes]))
        .join('')
    })
    .join('')
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/**
 * Escapes text of an element and isolates directions by markup, which mail programs support better than
 * characters.
 */
const textHtml = (text: string): string =>
  escapeHtml(text).replace(/\u2068([^\u2068\u2069]*)\u2069/g, '<bdi>$1</bdi>')

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
