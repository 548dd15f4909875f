/** The outcome of `pkgserver import glasskube`. */
import { oneLine } from '../printable.ts'

/**
 * `published` and `proposed` have changed by this import; `present` was there with the same content. `changed` was
 * there with other content, and stays as it is. `refused` is not taken.
 */
const OUTCOMES = ['published', 'proposed', 'present', 'changed', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

type Line = { path: string; kind: Outcome | 'note' | 'waiting'; text: string }

export class ImportReport {
  /** Versions by their outcomes. */
  readonly counts = new Map<Outcome, number>(OUTCOMES.map((outcome) => [outcome, 0]))
  readonly #lines: Line[] = []
  readonly #began = performance.now()
  packages = 0
  /** Packages that could not be read to their end. */
  unread = 0

  /** Counts a version; `text` says why it is not taken. */
  count(path: string, outcome: Outcome, text?: string): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1)
    if (text !== undefined) this.#lines.push({ path, kind: outcome, text })
  }

  /** `path` is a version, a package, or a file. */
  note(path: string, text: string): void {
    this.#lines.push({ path, kind: 'note', text })
  }

  /** Reports a reason why a version is not published. */
  waits(path: string, text: string): void {
    this.#lines.push({ path, kind: 'waiting', text })
  }

  /** Whether everything of the tree is on the server as it should be. */
  get complete(): boolean {
    const missing: string[] = ['refused', 'changed', 'waiting'] satisfies Line['kind'][]
    return !this.#lines.some(({ kind }) => missing.includes(kind))
  }

  inWords(): string {
    // Packages are imported a few at a time, so lines come in any order.
    const lines = this.#lines
      .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
      .map(({ path, kind, text }) => oneLine(`${kind.padEnd(8)} ${path}: ${text}`))
    const counts = OUTCOMES.map((outcome) => `${this.counts.get(outcome)} ${outcome}`).join(', ')
    const total = [...this.counts.values()].reduce((sum, count) => sum + count, 0)
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1)
    const size = `${counted(this.packages, 'package')} with ${counted(total, 'version')}`
    return [...lines, `${size} in ${seconds} s: ${counts}`, ''].join('\n')
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
