/** Reads an artifact that was found, and has it published. */
import { readForeignArtifact } from '../../artifact/foreign-artifact.ts'
import type { VersionTag } from '../../domain/version-tag.ts'
import type { PackedResources } from '../threads/pack-resources.ts'
import { declare, type Look, note, resolve } from './look.ts'
import { publishDiscovered } from './publish-discovered.ts'
import { faultOfArtifact } from './source-registry.ts'

/** The longest that a layer may take to come in, in milliseconds. */
const LAYER_TIMEOUT = 5 * 60 * 1000

/** Reads what a tag points to, unless that was read before, and publishes it. */
export async function take(look: Look, found: VersionTag): Promise<void> {
  const { pass, id, known, declared } = look
  const { ctx, repository, registry } = pass
  const descriptor = await resolve(look, found.tag)
  if (!descriptor) return
  const { digest } = descriptor
  if (!pass.thorough && known.get(found.tag)?.digest === digest) return
  await pass.sparingly(async () => {
    try {
      const read = await unreadable(async () => {
        const options = { limits: ctx.limits, timeout: LAYER_TIMEOUT }
        const foreign = await readForeignArtifact(registry.repository(id.package), descriptor, options)
        const prepared: PackedResources = await ctx.prepare(foreign.resources)
        return { foreign, prepared }
      })
      const reference = `${pass.address}/${id.package}:${found.tag}`
      const source = { package: id.package, reference, digest }
      const { workspace } = await publishDiscovered(ctx, repository, { ...found, ...read, ...source })
      declare(declared, found.version, workspace)
    } catch (error) {
      if (!(error instanceof Unfit)) throw error
      await note(look, found.tag, { digest, revision: null, problem: error.message })
    }
  })
}

/** The artifact is at fault, so the next one is taken. */
class Unfit extends Error {}

async function unreadable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const fault = faultOfArtifact(error)
    throw fault === undefined ? error : new Unfit(fault)
  }
}
