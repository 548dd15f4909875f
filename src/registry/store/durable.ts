/** Makes changes of directories durable: a file is only there after a crash when its directory was synced too. */
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a directory and its parents, and each of them durable. */
export async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true })
  if (first === undefined) return
  let made = directory
  while (made.length >= first.length) {
    made = dirname(made)
    await syncDirectory(made)
  }
}

/** Syncs directories; whoever asks while a sync is under way shares the next one with all others who do. */
export class DirectorySyncs {
  readonly #running = new Map<string, Promise<void>>()
  readonly #queued = new Map<string, Promise<void>>()

  async sync(directory: string): Promise<void> {
    const running = this.#running.get(directory)
    if (!running) return this.#start(directory)
    const queued = this.#queued.get(directory)
    if (queued) return queued
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.#queued.delete(directory)
        return this.#start(directory)
      })
    this.#queued.set(directory, next)
    return next
  }

  async #start(directory: string): Promise<void> {
    const sync = syncDirectory(directory).finally(() => {
      if (this.#running.get(directory) === sync) this.#running.delete(directory)
    })
    this.#running.set(directory, sync)
    return sync
  }
}
