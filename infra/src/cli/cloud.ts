import { ACMClient, ImportCertificateCommand } from '@aws-sdk/client-acm'
import {
  CloudFormationClient,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation'
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException as SecretNotFound,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import {
  GetIdentityVerificationAttributesCommand,
  SESClient,
  VerifyEmailIdentityCommand,
} from '@aws-sdk/client-ses'
import { GetParameterCommand, ParameterNotFound, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { createTaskRunner, type TaskRunner } from './task-runner.ts'

/** The AWS calls of the command line, in one account and region. CloudFormation does everything else. */
export interface Cloud extends TaskRunner {
  /** Returns the account id of the credentials. */
  account(): Promise<string>
  /** Returns the outputs of a stack by name; null if the stack does not exist. */
  findOutputs(stack: string): Promise<Record<string, string> | null>
  findParameter(name: string): Promise<string | null>
  putParameter(name: string, value: string): Promise<void>
  /** Returns the JSON of a secret; null if the secret does not exist. */
  findSecret(name: string): Promise<Record<string, string> | null>
  putSecret(name: string, value: Record<string, string>): Promise<void>
  /** Returns whether SES has verified a sender address; if not, makes SES mail a verification link to it. */
  verifySender(address: string): Promise<boolean>
  /** Turns on termination protection of a stack. */
  protectStack(stack: string): Promise<void>
  /** Imports a certificate into ACM; returns its ARN. */
  importCertificate(pem: { certificate: string; privateKey: string }): Promise<string>
}

export function createCloud(region: string): Cloud {
  return {
    ...stackCalls(region),
    ...parameterCalls(region),
    ...secretCalls(region),
    ...identityCalls(region),
    ...createTaskRunner(region),
  }
}

const isMissingStack = (error: unknown) => error instanceof Error && /does not exist/.test(error.message)

function stackCalls(region: string): Pick<Cloud, 'findOutputs' | 'protectStack'> {
  const cloudFormation = new CloudFormationClient({ region })
  return {
    async findOutputs(StackName) {
      try {
        const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }))
        return Object.fromEntries(
          (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
        )
      } catch (error) {
        if (isMissingStack(error)) return null
        throw error
      }
    },
    async protectStack(StackName) {
      await cloudFormation.send(
        new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: true }),
      )
    },
  }
}

function parameterCalls(region: string): Pick<Cloud, 'findParameter' | 'putParameter'> {
  const parameters = new SSMClient({ region })
  return {
    async findParameter(Name) {
      try {
        return (await parameters.send(new GetParameterCommand({ Name }))).Parameter?.Value ?? null
      } catch (error) {
        if (error instanceof ParameterNotFound) return null
        throw error
      }
    },
    async putParameter(Name, Value) {
      await parameters.send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true }))
    },
  }
}

function secretCalls(region: string): Pick<Cloud, 'findSecret' | 'putSecret'> {
  const secrets = new SecretsManagerClient({ region })
  return {
    async findSecret(SecretId) {
      try {
        const { SecretString = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId }))
        return JSON.parse(SecretString)
      } catch (error) {
        if (error instanceof SecretNotFound) return null
        throw error
      }
    },
    async putSecret(SecretId, value) {
      await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }))
    },
  }
}

function identityCalls(region: string): Pick<Cloud, 'account' | 'verifySender' | 'importCertificate'> {
  const sts = new STSClient({ region })
  const ses = new SESClient({ region })
  const acm = new ACMClient({ region })
  return {
    async account() {
      const { Account = '' } = await sts.send(new GetCallerIdentityCommand({}))
      return Account
    },
    async verifySender(address) {
      const asked = await ses.send(new GetIdentityVerificationAttributesCommand({ Identities: [address] }))
      if (asked.VerificationAttributes?.[address]?.VerificationStatus === 'Success') return true
      await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: address }))
      return false
    },
    async importCertificate({ certificate, privateKey }) {
      const bytes = (pem: string) => new TextEncoder().encode(pem)
      const imported = new ImportCertificateCommand({
        Certificate: bytes(certificate),
        PrivateKey: bytes(privateKey),
      })
      const { CertificateArn = '' } = await acm.send(imported)
      return CertificateArn
    },
  }
}
