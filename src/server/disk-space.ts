/** Watches the disk of the data folder, so that writes stop before it is full, and where it takes none. */
import { access, constants, statfs } from 'node:fs/promises'
import type { Logger } from 'pino'
import { AppError } from '../core/errors.ts'

export type DiskSpaceOptions = {
  folder: string
  /** In bytes; 0 to never stop writes. */
  minFree: number
  log: Logger
  /** Returns the bytes that this process may still write on the disk of a folder. */
  freeBytes?: (folder: string) => Promise<number>
  /** Throws for a folder that cannot be written to. */
  checkWritable?: (folder: string) => Promise<void>
}

const CHECK_INTERVAL = 5000
/** Writes resume at this multiple of the minimum. Hysteresis, so one deletion does not flip the mode. */
const ENOUGH = 1.25

export class DiskSpace {
  readonly #options: Required<DiskSpaceOptions>
  #timer: NodeJS.Timeout | undefined
  #free: number | undefined
  #low = false
  /** Why the folder cannot be written to. */
  #readOnly: string | undefined

  constructor(options: DiskSpaceOptions) {
    this.#options = { freeBytes: freeBytesOf, checkWritable, ...options }
  }

  /** Free bytes as last seen; undefined while not watched. */
  get free(): number | undefined {
    return this.#free
  }

  /** Why writes are refused now; undefined while they are accepted. */
  get refusal(): string | undefined {
    const { folder, minFree } = this.#options
    if (this.#readOnly !== undefined)
      return `The server cannot write to its data folder, ${folder} (${this.#readOnly}), and is read-only until it can.`
    if (!this.#low) return undefined
    return `The server's disk has ${inMiB(this.#free ?? 0)} free. With less than ${inMiB(minFree)} (PKGSERVER_MIN_FREE) the server is read-only, until ${inMiB(minFree * ENOUGH)} are free. Deletions and garbage collections still work, and make room.`
  }

  /** Checks now, and from then on every few seconds. */
  async watch(): Promise<void> {
    await this.check()
    this.#timer = setInterval(() => void this.check(), CHECK_INTERVAL)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async check(): Promise<void> {
    const { folder, log, checkWritable } = this.#options
    const before = this.refusal
    this.#readOnly = await checkWritable(folder).then(
      () => undefined,
      (error: Error) => error.message,
    )
    await this.#checkRoom()
    const { refusal } = this
    if (refusal !== undefined && before === undefined) log.error(refusal)
    if (refusal === undefined && before !== undefined)
      log.info({ freeBytes: this.#free }, 'There is room on the disk: writes are accepted again.')
  }

  async #checkRoom(): Promise<void> {
    const { folder, minFree, log, freeBytes } = this.#options
    if (minFree === 0) return
    try {
      this.#free = await freeBytes(folder)
    } catch (err) {
      log.error({ err }, 'cannot read free disk space')
      return
    }
    this.#low = this.#free < (this.#low ? minFree * ENOUGH : minFree)
  }

  /** Throws `insufficient_storage` while writes are refused, with the cause of a full disk, which is worth a retry. */
  assertRoom(): void {
    const { refusal } = this
    if (refusal !== undefined) throw new AppError('insufficient_storage', refusal)
  }
}

function checkWritable(folder: string): Promise<void> {
  return access(folder, constants.W_OK)
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

function inMiB(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`
}
