/** The contents of a store and what of them is reachable, computed from its keys alone to check the collector. */
import { digestOf } from '../../../src/oci/digest.ts'
import { type Index, isIndex, type Manifest, parseManifest, successors } from '../../../src/oci/manifest.ts'
import type { BlobStore } from '../../../src/registry/store/blob-store.ts'

export type Contents = {
  /** By `<repository>@<digest>`. */
  manifests: Map<string, { digest: string; manifest: Manifest | Index }>
  /** Digests by `<repository>:<tag>`. */
  tags: Map<string, string>
  /** `<repository>@<digest>`. */
  links: Set<string>
  /** `<repository>@<subject>@<digest>`. */
  referrers: Set<string>
  blobs: Map<string, Uint8Array>
  /** All other keys. */
  others: string[]
  hasBlob: (repository: string, digest: string) => boolean
}

const KEY = /^repositories\/(.+)\/_(manifests|tags|blobs|referrers)\/([^/]+)(?:\/([^/]+))?$/

export async function contentsOf(store: BlobStore): Promise<Contents> {
  const contents: Contents = {
    manifests: new Map(),
    tags: new Map(),
    links: new Set(),
    referrers: new Set(),
    blobs: new Map(),
    others: [],
    hasBlob: (repository, digest) =>
      contents.links.has(`${repository}@${digest}`) && contents.blobs.has(digest),
  }
  for (const top of ['repositories', 'blobs', 'garbage']) {
    for await (const key of keysBelow(store, top)) await addTo(contents, key, store)
  }
  return contents
}

async function addTo(contents: Contents, key: string, store: BlobStore): Promise<void> {
  const bytes = (await store.get(key))?.bytes ?? new Uint8Array(0)
  const [, repository = '', kind, name = '', below = ''] = KEY.exec(key) ?? []
  const digest = name.replace('-', ':')
  if (key.startsWith('blobs/')) {
    const [, algorithm, , hex] = key.split('/')
    if (digestOf(bytes) !== `${algorithm}:${hex}`) throw new Error(`${key} has other bytes`)
    contents.blobs.set(`${algorithm}:${hex}`, bytes)
  } else if (kind === 'manifests') {
    contents.manifests.set(`${repository}@${digest}`, { digest, manifest: parseManifest(bytes) })
  } else if (kind === 'tags') {
    contents.tags.set(`${repository}:${name}`, JSON.parse(Buffer.from(bytes).toString()).digest)
  } else if (kind === 'blobs') {
    contents.links.add(`${repository}@${digest}`)
  } else if (kind === 'referrers') {
    contents.referrers.add(`${repository}@${digest}@${below.replace('-', ':')}`)
  } else {
    contents.others.push(key)
  }
}

/** Returns everything that tags lead to, including children of indexes, referrers, and the blobs of all of them. */
export function reachable({ manifests, tags, hasBlob }: Contents) {
  const live = new Set<string>()
  const queue = [...tags].map(([key, digest]) => `${key.split(':')[0]}@${digest}`)
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    const found = manifests.get(key)
    if (!found || live.has(key)) continue
    live.add(key)
    const [repository] = key.split('@')
    if (isIndex(found.manifest)) {
      queue.push(...successors(found.manifest).map(({ digest }) => `${repository}@${digest}`))
    }
    for (const [other, { manifest }] of manifests) {
      if (other.startsWith(`${repository}@`) && manifest.subject?.digest === found.digest) queue.push(other)
    }
  }
  const links = new Set<string>()
  const referrers = new Set<string>()
  for (const key of live) {
    const [repository] = key.split('@')
    const { digest, manifest } = manifests.get(key) as { digest: string; manifest: Manifest | Index }
    if (manifest.subject) referrers.add(`${repository}@${manifest.subject.digest}@${digest}`)
    if (isIndex(manifest)) continue
    for (const blob of successors(manifest)) links.add(`${repository}@${blob.digest}`)
  }
  const missing = [...links].filter((link) => !hasBlob(...(link.split('@') as [string, string])))
  const blobs = new Set([...links].map((link) => link.split('@')[1] as string))
  return { manifests: live, links, blobs, referrers, missing }
}

async function* keysBelow(store: BlobStore, folder: string): AsyncGenerator<string> {
  for (const { name, folder: inner } of await store.list(folder)) {
    if (inner) yield* keysBelow(store, `${folder}/${name}`)
    else yield `${folder}/${name}`
  }
}
