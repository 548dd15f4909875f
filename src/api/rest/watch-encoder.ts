/** Events of a watch as server-sent events, encoded once for all watchers that get the same. */
import { latestUpstream, type Visibility } from '../../domain/access/visible-set.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { WatchEvent, WatchMessage } from '../../service/watch/watch-message.ts'
import { HEART_BEAT } from './event-stream.ts'
import { toPackageRevisionView } from './schemas/package-revision.ts'

export type Encode = (message: WatchMessage) => Uint8Array

const encodedBatches = new WeakMap<readonly WatchEvent[], Uint8Array>()
/** By the type of the event, and whether the caller may know of the upstream: all that answers differ in. */
const encodedChanges = new WeakMap<WatchEvent['change'], Map<string, string>>()

/** `registryHost`: host and port for the references of artifacts. `visibility`: what the watcher sees. */
export function watchEncoder(registryHost: string, visibility: Visibility): Encode {
  const view = (revision: PackageRevision) => toPackageRevisionView(revision, registryHost, visibility)
  const textOf = ({ type, change }: WatchEvent): string => {
    const known = encodedChanges.get(change) ?? new Map<string, string>()
    encodedChanges.set(change, known)
    const key = `${type} ${latestUpstream(visibility, change.revision)}`
    const text = known.get(key) ?? block(type, view(change.revision), change.resourceVersion)
    known.set(key, text)
    return text
  }
  const batch = (events: readonly WatchEvent[]): Uint8Array => {
    const known = encodedBatches.get(events)
    if (known) return known
    const bytes = Buffer.from(events.map(textOf).join(''))
    encodedBatches.set(events, bytes)
    return bytes
  }
  return (message) => {
    switch (message.type) {
      case 'initial':
        return Buffer.from(message.revisions.map((revision) => block('ADDED', view(revision))).join(''))
      case 'events':
        return batch(message.events)
      case 'part':
        return Buffer.from(
          message.events.map(({ type, change }) => block(type, view(change.revision))).join(''),
        )
      case 'bookmark':
        return Buffer.from(block('BOOKMARK', { resourceVersion: String(message.position) }, message.position))
      case 'quiet':
        return Buffer.from(HEART_BEAT)
    }
  }
}

function block(type: string, object: object, id?: number): string {
  const data = JSON.stringify({ type, object })
  return `event: ${type}\ndata: ${data}\n${id === undefined ? '' : `id: ${id}\n`}\n`
}
