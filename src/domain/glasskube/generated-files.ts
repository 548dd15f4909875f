/** The files of a repository that no author writes: its index.yaml, and the versions.yaml of each package. */
import { writeObject } from '../krm/generated-text.ts'
import type { Version } from '../version.ts'
import { clientVersion } from './listing.ts'
import type { ManifestLinks } from './manifest-links.ts'

type Versioned = { parsed: Version }

type Listed = {
  name: string
  /** Lowest first. */
  versions: readonly Versioned[]
  latest: Versioned & { manifest: ManifestLinks | undefined }
}

/** Returns what index.yaml says of a package. A repository can have thousands, of which few change at a time. */
export function indexEntry({ name, latest }: Listed): string {
  const { iconUrl, scope, shortDescription } = latest.manifest ?? {}
  return writeObject([
    {
      ...(iconUrl && { iconUrl }),
      latestVersion: clientVersion(latest.parsed.text),
      name,
      ...(scope && { scope }),
      ...(shortDescription && { shortDescription }),
    },
  ])
}

/** `entries`: as `indexEntry` returns them. */
export function indexFile(entries: readonly string[]): string {
  return entries.length === 0 ? 'packages: []\n' : `packages:\n${entries.join('')}`
}

export function versionsFile({ versions, latest }: Listed): string {
  return writeObject({
    latestVersion: clientVersion(latest.parsed.text),
    versions: versions.map(({ parsed }) => ({ version: clientVersion(parsed.text) })),
  })
}
