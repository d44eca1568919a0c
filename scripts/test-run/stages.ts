import path from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const ROOT = path.join(import.meta.dirname, '../..')

/**
 * The stages of a test run in order: tests that fail soonest run first. `docs/testing.md` lists the budgets.
 */
export const stages = [
  {
    name: 'rules of the house',
    budgetSeconds: 5,
    has: (file: string) => /^scripts\/(boundary|folders)\.test\.ts$/.test(file),
  },
  {
    name: 'units',
    budgetSeconds: 55,
    has: (file: string) =>
      /^(services\/[^/]+|packages\/(contracts|testing|service-kit|ops))\/src\//.test(file),
  },
  { name: 'packages', budgetSeconds: 260, has: (file: string) => !/^(services|packages\/e2e)\//.test(file) },
  { name: 'services', budgetSeconds: 340, has: (file: string) => file.startsWith('services/') },
  {
    name: 'end to end, killed',
    budgetSeconds: 230,
    has: (file: string) => file.startsWith('packages/e2e/test/faults/'),
  },
  {
    name: 'end to end',
    budgetSeconds: 200,
    has: (file: string) => !file.startsWith('packages/e2e/test/apart/'),
  },
  { name: 'end to end, apart', budgetSeconds: 85, has: () => true },
] as const
export type Stage = (typeof stages)[number]
const lastStage = stages[6]

/** Returns the stage of a test file; the path may be absolute or from the root of the workspace. */
export function stageOf(file: string): Stage {
  const relative = path.isAbsolute(file) ? path.relative(ROOT, file) : file
  return stages.find(({ has }) => has(relative)) ?? lastStage
}

/** Sorts test files by stage; within a stage, previous failures come first, then the slowest files. */
export class StageSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = (file: TestSpecification) => stages.indexOf(stageOf(file.moduleId))
    return (await super.sort(files)).sort((one, other) => order(one) - order(other))
  }
}
