/** Work on the package.yaml of a Glasskube package: its patterns are of its author. */
import { AppError } from '../../core/errors.ts'
import { MANIFEST_PATH } from '../../domain/glasskube/inspect-manifest.ts'
import type { ValueDefinitions } from '../../domain/glasskube/manifest-schema.ts'
import { readPackageManifest } from '../../domain/glasskube/package-manifest.ts'
import {
  type ValueConfiguration,
  type ValueViolation,
  valueViolations,
} from '../../domain/glasskube/values.ts'
import { valuesSchema as schemaOf, type ValuesSchema } from '../../domain/glasskube/values-schema.ts'
import { type FileRules, type StoredFiles, unpacked } from './package-tasks.ts'

type Input = { files: StoredFiles } & FileRules

export async function valuesSchema(input: Input): Promise<ValuesSchema> {
  return schemaOf(await definitionsIn(input))
}

export async function checkValues({
  values,
  ...input
}: Input & { values: Record<string, ValueConfiguration> }): Promise<ValueViolation[]> {
  return valueViolations(await definitionsIn(input), values)
}

/** Throws `not_found` where there is no readable package.yaml. */
async function definitionsIn({ files, limits }: Input): Promise<ValueDefinitions> {
  const { resources } = await unpacked(files, limits)
  const { manifest } = readPackageManifest(resources.get(MANIFEST_PATH) ?? '')
  if (!manifest) throw new AppError('not_found', 'the package has no package.yaml that can be read')
  return manifest.valueDefinitions ?? {}
}
