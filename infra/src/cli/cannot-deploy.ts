/** A problem that the operator has to fix before the deployment can go on; the message is one sentence. */
export class CannotDeploy extends Error {}
