/** Something that whoever deploys has to see to; its message is one sentence for them. */
export class CannotDeploy extends Error {}
