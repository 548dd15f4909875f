/** Reads an artifact that a tag of a source points to, and publishes it. */
import { detailText } from '../../core/errors.ts'
import type { VersionTag } from '../../domain/version-tag.ts'
import { fileRules } from '../package-rules.ts'
import type { PackedResources } from '../workers/pack-resources.ts'
import { orAborted } from './deadline.ts'
import { addDeclared, type PackageScan, recordTag } from './package-scan.ts'
import type { FaultyArtifact, SourceArtifact } from './package-source.ts'
import { publishDiscovered } from './publish-discovered.ts'
import { faultOfArtifact, referenceIn, requireSource } from './source-registry.ts'

/** Publishes what a tag points to, unless that was tried before. Records why an artifact cannot be used. */
export async function importArtifact(scan: PackageScan, found: VersionTag): Promise<void> {
  const { sync, id } = scan
  const { ctx, repository, source, signal } = sync
  const known = sync.thorough ? undefined : scan.known.get(found.tag)?.digest
  await sync.limited(async () => {
    const artifact = await orAborted(source.read(id.package, found.tag, known), signal)
    if (!artifact) return
    const ready = 'fault' in artifact ? artifact : await prepare(scan, artifact)
    if ('fault' in ready) {
      await recordTag(scan, found.tag, { digest: ready.digest, revision: null, problem: ready.fault })
      return
    }
    const reference = referenceIn(requireSource(repository), id.package, found.tag)
    const discovered = { ...found, ...ready, package: id.package, reference }
    const { workspace } = await publishDiscovered(ctx, repository, discovered)
    addDeclared(scan.declared, found.version, workspace)
  })
}

/** Packs and validates the files. In a Glasskube repository, nothing is published that its clients cannot read. */
async function prepare(
  { sync: { ctx, repository }, id }: PackageScan,
  { files, ...artifact }: SourceArtifact,
): Promise<FaultyArtifact | (Omit<SourceArtifact, 'files'> & { prepared: PackedResources })> {
  const { digest } = artifact
  try {
    const prepared = await ctx.prepare({ files, ...(await fileRules(ctx, id)) }, id.package)
    const fault = repository.format === 'glasskube' ? firstError(prepared) : undefined
    return fault === undefined ? { ...artifact, prepared } : { digest, fault }
  } catch (error) {
    const fault = faultOfArtifact(error)
    if (fault === undefined) throw error
    return { digest, fault }
  }
}

function firstError({ findings: { errors } }: PackedResources): string | undefined {
  const [first] = errors
  return first && detailText(first)
}
