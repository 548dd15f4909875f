/** The values that users of a Glasskube package set. */
import type { ValueConfiguration, ValueViolation } from '../../domain/glasskube/values.ts'
import type { ValuesSchema } from '../../domain/glasskube/values-schema.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { packedFiles } from '../registry-content.ts'
import { glasskubeRepository, publishedPackage, publishedVersion } from './repositories.ts'

/** Throws `not_found`, and `conflict` for a package of another format. */
export async function valuesSchema(
  ctx: ServiceContext,
  id: PackageId,
  version: string | undefined,
): Promise<ValuesSchema> {
  const { files } = await versionOf(ctx, id, version)
  return ctx.valuesSchema(files, ociRepository(id))
}

/** Resolves to all violations of the rules in package.yaml. Throws like `valuesSchema`. */
export async function checkValues(
  ctx: ServiceContext,
  id: PackageId,
  version: string | undefined,
  values: Record<string, ValueConfiguration>,
): Promise<{ version: string; violations: ValueViolation[] }> {
  const found = await versionOf(ctx, id, version)
  const input = async () => ({ ...(await found.files()), values })
  return { version: found.version, violations: await ctx.checkValues(input, ociRepository(id)) }
}

async function versionOf(ctx: ServiceContext, id: PackageId, text: string | undefined) {
  const repository = await glasskubeRepository(ctx, id.repository)
  const { parsed, revision } = publishedVersion(publishedPackage(repository, id), text)
  const files = async () => ({
    files: await packedFiles(ctx, await getRevision(ctx.db, revision)),
    limits: ctx.limits,
  })
  return { version: parsed.text, files }
}
