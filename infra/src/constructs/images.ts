import path from 'node:path'
import type { ServiceKey } from '@boxoffice/contracts'
import { aws_ecr_assets as assets, aws_ecs as ecs } from 'aws-cdk-lib'
import type { Construct } from 'constructs'

const ROOT = path.resolve(import.meta.dirname, '../../..')

/**
 * The image of a program, built with the repository's Dockerfile for the architecture of its Fargate tasks.
 */
export const imageOf = (scope: Construct, program: ServiceKey | 'ops'): ecs.ContainerImage =>
  ecs.ContainerImage.fromDockerImageAsset(
    new assets.DockerImageAsset(scope, `${program}Image`, {
      directory: ROOT,
      assetName: `boxoffice-${program}`,
      buildArgs: { PROGRAM: program },
      platform: assets.Platform.LINUX_ARM64,
    }),
  )
