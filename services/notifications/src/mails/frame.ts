// Light colours are inline, as mail programs expect them; dark ones override them if the reader's program
// asks for them.
const style = `
  .mail a { color: inherit; }
  .ink div, .quiet div, .label div, .number div { overflow-wrap: anywhere; word-break: break-word; }
  @media only screen and (max-width: 479px) {
    .title div { font-size: 23px !important; line-height: 29px !important; }
  }
  @media (prefers-color-scheme: dark) {
    body, .mail, .mail > div { background: #0f1115 !important; background-color: #0f1115 !important; }
    .card, .card > table { background: #1b1e25 !important; background-color: #1b1e25 !important; }
    .card > table > tbody > tr > td { border-color: #2c313b !important; }
    .ink div, .title div, .number div, .brand div { color: #f1f3f6 !important; }
    .quiet div, .label div { color: #a4abb8 !important; }
    .kicker div { color: #62c796 !important; }
    .button td, .button a { background: #f1f3f6 !important; color: #16181d !important; }
  }
`

/**
 * Wraps `card`s into a complete mail in MJML. Slots: `subject`, `preview` (shown beside the subject in lists
 * of mails) and `reason` (why the reader gets this mail). 600 px wide, one column on a telephone, light and
 * dark.
 */
export const frame = (parts: string): string => `
<mjml lang="en" dir="ltr">
  <mj-head>
    <mj-title>{{subject}}</mj-title>
    <mj-preview>{{preview}}</mj-preview>
    <mj-raw>
      <meta name="color-scheme" content="light dark">
      <meta name="supported-color-schemes" content="light dark">
      <meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
    </mj-raw>
    <mj-attributes>
      <mj-all font-family="-apple-system, BlinkMacSystemFont, 'Segoe UI', Helvetica, Arial, sans-serif" />
      <mj-text padding="0" font-size="15px" line-height="23px" color="#16181d" />
      <mj-section padding="0" />
      <mj-wrapper padding="24px 12px" border="1px solid #e3e6ec" border-radius="12px"
        background-color="#ffffff" />
      <mj-column padding="0 12px" />
      <mj-image padding="0" />
    </mj-attributes>
    <mj-style>${style}</mj-style>
  </mj-head>
  <mj-body background-color="#f3f4f7" css-class="mail" width="600px">
    <mj-section padding="28px 12px 16px">
      <mj-column><mj-text css-class="brand" font-size="17px" font-weight="700"
        letter-spacing="0.2px">Boxoffice</mj-text></mj-column>
    </mj-section>
    ${parts}
    <mj-section padding="16px 12px 32px">
      <mj-column>
        <mj-text css-class="quiet" font-size="13px" line-height="20px"
          color="#667085">{{reason}} Questions? Just reply to this mail.</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>`

/** Returns a white card with these sections, and some space below. */
export const card = (sections: string): string =>
  `<mj-wrapper css-class="card">${sections}</mj-wrapper>` +
  '<mj-section><mj-column><mj-spacer height="12px" /></mj-column></mj-section>'

export const section = (content: string): string =>
  `<mj-section><mj-column>${content}</mj-column></mj-section>`

/** A short label above the title. */
export const kicker = (text: string): string =>
  '<mj-text css-class="kicker" font-size="13px" line-height="19px" font-weight="600" color="#0b7a48" ' +
  `padding="0 0 4px">${text}</mj-text>`

export const title = (text: string): string =>
  '<mj-text css-class="title" font-size="26px" line-height="33px" font-weight="700" ' +
  `padding="0 0 12px">${text}</mj-text>`

export const paragraph = (text: string): string =>
  `<mj-text css-class="ink" padding="0 0 12px">${text}</mj-text>`

export const quiet = (text: string): string =>
  '<mj-text css-class="quiet" font-size="13px" line-height="20px" color="#667085" ' +
  `padding="0 0 8px">${text}</mj-text>`

/** How long the link of the button works, over the link itself. */
export const linkNote = quiet(
  'The link works once, until {{expires}}. If the button does not, copy this into your browser:',
)

/** A small label over its value, with optional details below. */
export const labelled = (label: string, value: string, below?: string): string => `
  <mj-text css-class="label" font-size="12px" line-height="18px" font-weight="600" color="#667085"
    padding="8px 0 0">${label}</mj-text>
  <mj-text css-class="ink" font-weight="600" padding="0 0 ${below ? '0' : '8px'}">${value}</mj-text>
  ${below ? `<mj-text css-class="ink" padding="0 0 8px">${below}</mj-text>` : ''}`

/** Two columns that stack on narrow screens. */
export const sideBySide = (left: string, right: string): string =>
  `<mj-section><mj-column width="50%">${left}</mj-column>` +
  `<mj-column width="50%">${right}</mj-column></mj-section>`

export const button = (text: string, href: string): string =>
  `<mj-button css-class="button" href="${href}" align="left" background-color="#16181d" color="#ffffff" ` +
  'font-size="15px" font-weight="600" border-radius="8px" inner-padding="13px 22px" ' +
  `padding="8px 0 16px">${text}</mj-button>`
