/** Events of a watch as server-sent events, encoded once for all watchers that get the same. */
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { WatchEvent, WatchMessage } from '../../service/watch/watch-message.ts'
import { HEART_BEAT } from './event-stream.ts'
import { toPackageRevisionView } from './schemas/package-revision.ts'

export type Encode = (message: WatchMessage) => Uint8Array

const encodedBatches = new WeakMap<readonly WatchEvent[], Uint8Array>()
const encodedChanges = new WeakMap<WatchEvent['change'], Partial<Record<WatchEvent['type'], string>>>()

/** `registryHost`: host and port for the references of artifacts. */
export function watchEncoder(registryHost: string): Encode {
  const view = (revision: PackageRevision) => toPackageRevisionView(revision, registryHost)
  const textOf = ({ type, change }: WatchEvent): string => {
    const known = encodedChanges.get(change) ?? {}
    encodedChanges.set(change, known)
    known[type] ??= block(type, view(change.revision), change.resourceVersion)
    return known[type]
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
