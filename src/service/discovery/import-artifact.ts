/** Reads an artifact that a tag of a source points to, and publishes it. */

import { fetchForeignArtifact } from '../../artifact/foreign-artifact.ts'
import type { VersionTag } from '../../domain/version-tag.ts'
import type { Annotations, Descriptor } from '../../oci/descriptor.ts'
import { fileRules } from '../package-rules.ts'
import type { PackedResources } from '../workers/pack-resources.ts'
import { orAborted } from './deadline.ts'
import { addDeclared, type PackageScan, recordTag, resolveTag } from './package-scan.ts'
import { publishDiscovered } from './publish-discovered.ts'
import { faultOfArtifact } from './source-registry.ts'

/** The longest that an artifact may take to arrive, in milliseconds: others wait meanwhile. */
const ARTIFACT_TIMEOUT = 2 * 60 * 1000

/** Publishes what a tag points to, unless that was tried before. Records why an artifact cannot be used. */
export async function importArtifact(scan: PackageScan, found: VersionTag): Promise<void> {
  const { sync, id, known } = scan
  const descriptor = await resolveTag(scan, found.tag)
  if (!descriptor) return
  const { digest } = descriptor
  if (!sync.thorough && known.get(found.tag)?.digest === digest) return
  await sync.limited(async () => {
    const read = await readArtifact(scan, descriptor)
    if ('fault' in read) {
      await recordTag(scan, found.tag, { digest, revision: null, problem: read.fault })
      return
    }
    const reference = `${sync.address}/${id.package}:${found.tag}`
    const artifact = { ...found, ...read, package: id.package, reference, digest }
    const { workspace } = await publishDiscovered(sync.ctx, sync.repository, artifact)
    addDeclared(scan.declared, found.version, workspace)
  })
}

/** Resolves to the fault of an artifact that will never be readable; other failures are thrown. */
async function readArtifact(
  { sync: { ctx, registry, signal }, id }: PackageScan,
  descriptor: Descriptor,
): Promise<{ annotations: Annotations; prepared: PackedResources } | { fault: string }> {
  try {
    const options = { limits: ctx.limits, timeout: ARTIFACT_TIMEOUT, signal }
    const fetching = fetchForeignArtifact(registry.repository(id.package), descriptor, options)
    const { layers, annotations } = await orAborted(fetching, signal)
    const input = { files: { layers }, ...(await fileRules(ctx, id)) }
    return { annotations, prepared: await ctx.prepare(input, id.package) }
  } catch (error) {
    const fault = faultOfArtifact(error)
    if (fault === undefined) throw error
    return { fault }
  }
}
