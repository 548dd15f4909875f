/**
 * Images of a data folder as kill -9 would leave it after each durable step of a write. A copy is accurate, because
 * files of the registry are never written in place and SQLite is idle between two calls.
 */
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { GroupCommit } from '../../src/database/group-commit.ts'
import { FsStore } from '../../src/registry/store/fs-store.ts'
import { temporaryFolder } from './temporary.ts'

export type CrashImage = { step: string; data: string }

/** Does the work. Returns an image from before it, one after each of its steps, and one after its answer. */
export async function crashImages(data: string, work: () => Promise<unknown>): Promise<CrashImage[]> {
  const root = await temporaryFolder()
  const images: CrashImage[] = []
  const take = (step: string): void => {
    const folder = join(root, String(images.length))
    mkdirSync(folder)
    linkAll(join(data, 'registry'), join(folder, 'registry'))
    for (const name of ['index.db', 'index.db-wal']) {
      if (existsSync(join(data, name))) copyFileSync(join(data, name), join(folder, name))
    }
    images.push({ step: `${images.length} ${step}`, data: folder })
  }
  const restore = [
    after(FsStore.prototype, 'put', (key) => take(`put ${key}`)),
    after(FsStore.prototype, 'delete', (key) => take(`delete ${key}`)),
    after(GroupCommit.prototype, 'run', () => take('commit')),
  ]
  try {
    take('begin')
    await work()
    take('answer')
  } finally {
    for (const each of restore) each()
  }
  return images
}

/** Runs `then` after each call of a method. Returns a function that undoes this. */
function after(prototype: object, name: string, then: (first: unknown) => void): () => void {
  const original = Reflect.get(prototype, name)
  Reflect.set(prototype, name, async function (this: unknown, ...args: unknown[]) {
    const result = await original.apply(this, args)
    then(args[0])
    return result
  })
  return () => void Reflect.set(prototype, name, original)
}

function linkAll(from: string, to: string): void {
  mkdirSync(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) linkAll(source, target)
    else if (entry.name !== 'condemned' && existsSync(source)) linkSync(source, target)
  }
}
