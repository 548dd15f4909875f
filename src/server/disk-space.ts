/** How much room the disk of the data folder has: the server takes no more writes before it is full. */
import { statfs } from 'node:fs/promises'
import type { Logger } from 'pino'
import { AppError } from '../core/errors.ts'

export type DiskSpaceOptions = {
  folder: string
  /** In bytes; 0 for none. */
  minFree: number
  log: Logger
  /** Bytes that are free for this process on the disk of a folder. */
  freeBytes?: (folder: string) => Promise<number>
}

const CHECK_INTERVAL = 5000
/** It has to be so many times the minimum before writes are taken again: not each deletion shall turn it around. */
const ENOUGH = 1.25

export class DiskSpace {
  readonly #options: Required<DiskSpaceOptions>
  #timer: NodeJS.Timeout | undefined
  #free: number | undefined
  #low = false

  constructor(options: DiskSpaceOptions) {
    this.#options = { freeBytes: freeBytesOf, ...options }
  }

  /** As it was seen last; undefined where nobody looks. */
  get free(): number | undefined {
    return this.#free
  }

  /** Why nothing may be written now; undefined where it may. */
  get refusal(): string | undefined {
    if (!this.#low) return undefined
    const { minFree } = this.#options
    return `The disk of the server has ${inMiB(this.#free ?? 0)} free, and it writes nothing with less than ${inMiB(minFree)} (PKGSERVER_MIN_FREE), until there are ${inMiB(minFree * ENOUGH)}. Reading goes on, and deletions and collections of garbage, which make room.`
  }

  /** Looks now, and from then on every few seconds. */
  async watch(): Promise<void> {
    if (this.#options.minFree === 0) return
    await this.check()
    this.#timer = setInterval(() => void this.check(), CHECK_INTERVAL)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async check(): Promise<void> {
    const { folder, minFree, log, freeBytes } = this.#options
    if (minFree === 0) return
    try {
      this.#free = await freeBytes(folder)
    } catch (err) {
      log.error({ err }, 'nobody knows how much room the disk has')
      return
    }
    const low = this.#free < (this.#low ? minFree * ENOUGH : minFree)
    if (low === this.#low) return
    this.#low = low
    if (low) log.error(this.refusal)
    else log.info(`The disk of the server has ${inMiB(this.#free)} free: it takes writes again.`)
  }

  /** Throws `insufficient_storage` while nothing may be written. Like a full disk, that passes. */
  assertRoom(): void {
    const { refusal } = this
    if (refusal !== undefined) throw new AppError('insufficient_storage', refusal)
  }
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

function inMiB(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`
}
