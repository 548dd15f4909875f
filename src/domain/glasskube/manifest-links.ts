/** The little that the index keeps of a manifest: what it needs of other packages, and what lists of packages show. */
import { z } from 'zod'
import type { PackageManifest } from './manifest-schema.ts'

export type ManifestLinks = {
  /** Shared by all packages of a cluster. Without a version, any will do. */
  dependencies: readonly { name: string; version?: string }[]
  /** Instances of the package's own. */
  components: readonly { name: string; installedName?: string; version?: string }[]
  /** `Cluster` where it is missing. */
  scope?: 'Cluster' | 'Namespaced'
  defaultNamespace: string
  shortDescription?: string
  iconUrl?: string
}

/** Characters as JSON. The server has those of all published versions in memory, and real ones have some hundred. */
export const MAX_LINKS = 16 * 1024

const part = { name: z.string(), version: z.string().optional() }

/** Of what the index has stored. */
export const manifestLinksSchema: z.ZodType<ManifestLinks> = z.looseObject({
  dependencies: z.array(z.looseObject(part)),
  components: z.array(z.looseObject({ ...part, installedName: z.string().optional() })),
  scope: z.enum(['Cluster', 'Namespaced']).optional(),
  defaultNamespace: z.string(),
  shortDescription: z.string().optional(),
  iconUrl: z.string().optional(),
})

export function manifestLinks(manifest: PackageManifest): ManifestLinks {
  const { dependencies = [], components = [], scope, defaultNamespace } = manifest
  return {
    dependencies: dependencies.map(({ name, version }) => ({ name, ...filled({ version }) })),
    components: components.map(({ name, installedName, version }) => ({
      name,
      ...filled({ installedName, version }),
    })),
    ...(scope && { scope }),
    defaultNamespace,
    ...filled({ shortDescription: manifest.shortDescription, iconUrl: manifest.iconUrl }),
  }
}

/** Leaves out empty texts, which clients take for missing ones. */
function filled<Name extends string>(texts: Record<Name, string | undefined>): { [name in Name]?: string } {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text)) as { [name in Name]?: string }
}
