/**
 * The installed packages and their dependencies, as Glasskube 0.26.1 models them (internal/dependency/graph). Where Go's random
 * order of maps decides there, the order in which packages were added and dependencies are declared decides here.
 */
import type { LooseVersion } from '../loose-version.ts'
import { isNewer } from '../order.ts'
import { rangeMatches, type VersionRange } from '../range.ts'
import type { Budget } from './budget.ts'
import { keyOf, refOf } from './demands.ts'
import type { PackageRef } from './problem.ts'

/** A package that is installed, or that one of these needs. */
export type Vertex = {
  readonly ref: PackageRef
  /** Undefined if it is not installed. */
  version: LooseVersion | undefined
  /** Installed by a user, and so never pruned. */
  manual: boolean
  /** The packages that this one needs, with their range; undefined if any version will do. */
  needs: ReadonlyMap<Vertex, VersionRange | undefined>
  readonly dependants: Set<Vertex>
}

/** That a package which another one needs is not installed, or not in the right version. */
export type Violation = { from: Vertex; to: Vertex; range: VersionRange | undefined }

const NONE: Vertex['needs'] = new Map()

export class DependencyGraph {
  readonly #vertices = new Map<string, Vertex>()
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  get vertices(): Iterable<Vertex> {
    return this.#vertices.values()
  }

  vertex(ref: PackageRef): Vertex {
    const key = keyOf(ref)
    const known = this.#vertices.get(key)
    if (known) return known
    const vertex = {
      ref: refOf(ref),
      version: undefined,
      manual: false,
      needs: NONE,
      dependants: new Set<Vertex>(),
    }
    this.#vertices.set(key, vertex)
    return vertex
  }

  /** Installs a package, or moves it to another version. */
  add(vertex: Vertex, version: LooseVersion, needs: Vertex['needs'], manual: boolean): void {
    this.remove(vertex)
    vertex.version = version
    vertex.manual = manual
    vertex.needs = needs
    for (const needed of needs.keys()) needed.dependants.add(vertex)
  }

  /** Uninstalls a package. Those that need it still do. */
  remove(vertex: Vertex): void {
    for (const needed of vertex.needs.keys()) needed.dependants.delete(vertex)
    vertex.version = undefined
    vertex.manual = false
    vertex.needs = NONE
  }

  /** Uninstalls what users did not install and no other package needs, until there is no more of it. */
  prune(): void {
    const candidates = [...this.vertices]
    for (const vertex of candidates) {
      if (!vertex.version || vertex.manual || vertex.dependants.size > 0) continue
      for (const needed of vertex.needs.keys()) candidates.push(needed)
      this.remove(vertex)
    }
  }

  /** Returns the version that Glasskube takes for the highest of those that all dependants accept. */
  highest(vertex: Vertex, versions: readonly LooseVersion[]): LooseVersion | undefined {
    const ranges = rangesOf(vertex)
    let highest: LooseVersion | undefined
    for (const version of versions) {
      if (highest && !isNewer(version, highest)) continue
      if (ranges.every((range) => this.#accepts(range, version))) highest = version
    }
    return highest
  }

  violations(): Violation[] {
    const violations: Violation[] = []
    for (const from of this.vertices) {
      for (const [to, range] of from.needs) {
        this.#budget.spend(1)
        const isMet = to.version && (!range || this.#accepts(range, to.version))
        if (!isMet) violations.push({ from, to, range })
      }
    }
    return violations
  }

  #accepts(range: VersionRange, version: LooseVersion): boolean {
    this.#budget.spend(range.alternatives.reduce((sum, comparators) => sum + comparators.length, 0))
    return rangeMatches(range, version)
  }
}

/** The ranges in which the dependants of a package need it, each once. */
function rangesOf(vertex: Vertex): VersionRange[] {
  const ranges = [...vertex.dependants].map(({ needs }) => needs.get(vertex))
  return [...new Set(ranges)].filter((range) => range !== undefined)
}
