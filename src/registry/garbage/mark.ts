/** Finds what nothing in a repository needs, by walking from its tags as a tracing garbage collector does. */

import { mapConcurrently } from '../../core/concurrency.ts'
import { type Index, isIndex, type Manifest, parseStoredManifest, successors } from '../../oci/manifest.ts'
import type { Blobs } from '../blobs.ts'
import type { RegistryContext } from '../context.ts'
import {
  allReferrersFolder,
  digestOfName,
  linkKey,
  linksFolder,
  manifestKey,
  manifestsFolder,
} from '../keys.ts'
import { requiredBlobs } from '../manifests.ts'
import type { Tags } from '../tags.ts'

export type GarbageManifest = { digest: string; manifest: Manifest | Index; size: number }

export type Garbage = {
  manifests: GarbageManifest[]
  /** Digests of blobs that the repository has a link to but does not need. */
  links: string[]
  /** Entries of referrers whose manifests are missing. */
  referrers: { key: string; digest: string }[]
}

export type Marking = {
  ctx: RegistryContext
  blobs: Blobs
  tags: Tags
  /** Returns the digests of manifests that are needed besides the tagged ones. */
  roots: (repository: string) => Promise<Iterable<string>>
  /** Content written since then is spared, in milliseconds since 1970. */
  cutoff: number
  /** Blobs that clients have asked for since then are spared, in milliseconds since 1970. */
  requestedSince: number
}

/** Throws if a manifest cannot be read, because what it needs is then unknown. */
export async function markRepository(marking: Marking, repository: string): Promise<Garbage> {
  const manifests = await readManifests(marking.ctx, repository)
  const live = await liveManifests(marking, repository, manifests)
  const needed = new Set<string>()
  for (const digest of live) {
    const { manifest } = manifests.get(digest) as GarbageManifest
    for (const blob of requiredBlobs(manifest)) needed.add(blob)
    if (isIndex(manifest)) for (const child of successors(manifest)) needed.add(child.digest)
  }
  return {
    manifests: [...manifests.values()].filter(({ digest }) => !live.has(digest)),
    links: await unneededLinks(marking, repository, needed),
    referrers: await orphanedReferrers(marking, repository, manifests),
  }
}

async function readManifests(
  { store }: RegistryContext,
  repository: string,
): Promise<Map<string, GarbageManifest>> {
  const manifests = new Map<string, GarbageManifest>()
  const names = await store.list(manifestsFolder(repository))
  const digests = names.map(({ name }) => digestOfName(name)).filter((digest) => digest !== undefined)
  await mapConcurrently(digests, async (digest) => {
    const bytes = (await store.get(manifestKey(repository, digest)))?.bytes
    if (bytes) manifests.set(digest, { digest, manifest: parseStoredManifest(bytes), size: bytes.byteLength })
  })
  return manifests
}

/** Returns the manifests that tags, roots and young manifests lead to, with children of indexes and referrers. */
async function liveManifests(
  { ctx, tags, roots, cutoff }: Marking,
  repository: string,
  manifests: ReadonlyMap<string, GarbageManifest>,
): Promise<Set<string>> {
  const referrers = new Map<string, string[]>()
  for (const { digest, manifest } of manifests.values()) {
    const subject = manifest.subject?.digest
    if (!subject) continue
    const others = referrers.get(subject)
    if (others) others.push(digest)
    else referrers.set(subject, [digest])
  }
  const live = new Set<string>()
  const reach = (from: Iterable<string>): void => {
    const queue = [...from]
    for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
      const found = manifests.get(digest)
      if (!found || live.has(digest)) continue
      live.add(digest)
      const children = isIndex(found.manifest) ? successors(found.manifest) : []
      for (const child of children) queue.push(child.digest)
      for (const referrer of referrers.get(digest) ?? []) queue.push(referrer)
    }
  }
  for (const [, descriptor] of await tags.entries(repository)) reach([descriptor.digest])
  reach(await roots(repository))
  const others = [...manifests.keys()].filter((digest) => !live.has(digest))
  await mapConcurrently(others, async (digest) => {
    const stat = await ctx.store.stat(manifestKey(repository, digest))
    if (stat && stat.modified >= cutoff) reach([digest])
  })
  return live
}

async function unneededLinks(
  { ctx, blobs, cutoff, requestedSince }: Marking,
  repository: string,
  needed: ReadonlySet<string>,
): Promise<string[]> {
  const links: string[] = []
  const names = await ctx.store.list(linksFolder(repository))
  await mapConcurrently(names, async ({ name }) => {
    const digest = digestOfName(name)
    if (
      digest === undefined ||
      needed.has(digest) ||
      blobs.requestedSince(repository, digest, requestedSince)
    )
      return
    if (await isOld(ctx, linkKey(repository, digest), cutoff)) links.push(digest)
  })
  return links
}

/** Finds entries without a manifest: a crash can leave one, and a push writes the entry first. */
async function orphanedReferrers(
  { ctx, cutoff }: Marking,
  repository: string,
  manifests: ReadonlyMap<string, unknown>,
): Promise<Garbage['referrers']> {
  const orphaned: Garbage['referrers'] = []
  const folder = allReferrersFolder(repository)
  await mapConcurrently(await ctx.store.list(folder), async ({ name: subject }) => {
    for (const { name } of await ctx.store.list(`${folder}/${subject}`)) {
      const digest = digestOfName(name)
      const key = `${folder}/${subject}/${name}`
      if (digest !== undefined && !manifests.has(digest) && (await isOld(ctx, key, cutoff)))
        orphaned.push({ key, digest })
    }
  })
  return orphaned
}

async function isOld({ store }: RegistryContext, key: string, cutoff: number): Promise<boolean> {
  const stat = await store.stat(key)
  return stat !== undefined && stat.modified < cutoff
}
