/**
 * Resolves as Glasskube 0.26.1 does (internal/dependency/manager.go): one package after the other, each on top of those
 * before it. What a package lacks gets the highest version that fits at this moment, which is never reconsidered, and
 * nothing that is installed moves for the sake of another.
 *
 * Glasskube looks at dependencies in random order, so its answer varies where the order matters. Here they come in the
 * order of the manifest, dependencies before components, each followed by its own.
 *
 * One answer differs on purpose: before an installation, Glasskube takes the new package for one that no user asked for,
 * and so announces to prune what only that package needs; after it, it does not. Here that is not announced.
 */
import { firstFew } from '../../../core/first-few.ts'
import { ascending, type LooseVersion, parseLooseVersion } from '../loose-version.ts'
import { highestRelease, isUpgradable } from '../order.ts'
import { parseRange, type VersionRange } from '../range.ts'
import { Budget, MAX_STEPS } from './budget.ts'
import { demandsOf, describe, keyOf } from './demands.ts'
import { DependencyGraph, type Vertex, type Violation } from './graph.ts'
import {
  type InstalledPackage,
  type InstallRequest,
  noSolution,
  type PackageVersion,
  type RepositoryPackage,
  type Resolution,
  type ResolutionProblem,
  type Selection,
  type Universe,
} from './problem.ts'
import { named, ofViolations, Refusal } from './refusal.ts'

/** The memory for the need of one package for another, in steps. */
const STEPS_PER_DEMAND = 100

/** Kubernetes refuses longer names. They also end components that bring themselves along. */
const MAX_INSTANCE_LENGTH = 253

/** Throws `too_large` if there is no answer within a number of steps. */
export function resolveCompatibly(
  { universe, install, installed }: ResolutionProblem,
  maxSteps = MAX_STEPS,
): Resolution {
  const greedy = new Greedy(universe, new Budget(maxSteps))
  try {
    for (const found of installed) greedy.start(found)
    for (const request of install) greedy.install(request)
    return greedy.answer()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return noSolution(error.conflicts, error.message)
  }
}

class Greedy {
  readonly #universe: Universe
  readonly #budget: Budget
  readonly #graph: DependencyGraph
  readonly #ranges = new Map<string, VersionRange>()
  readonly #before = new Map<Vertex, LooseVersion>()
  readonly #requested = new Set<Vertex>()
  readonly #transitive = new Set<Vertex>()
  /** Installed packages whose dependencies are unknown. */
  readonly #unpublished: Vertex[] = []
  /** The demands that are broken at present; undefined until they are known. */
  #violations: readonly Violation[] | undefined

  constructor(universe: Universe, budget: Budget) {
    this.#universe = universe
    this.#budget = budget
    this.#graph = new DependencyGraph(budget)
  }

  start(found: InstalledPackage): void {
    const vertex = this.#graph.vertex(found)
    const manifest = this.#universe
      .lookup(found.name)
      .map(({ versions }) => versions.find(({ version }) => version === found.version))
      .find((version) => version !== undefined)
    if (!manifest) this.#unpublished.push(vertex)
    const needs = manifest ? this.#needs(vertex, manifest) : new Map()
    const version = readVersion(vertex, found.version)
    this.#graph.add(vertex, version, needs, !found.asDependency)
    this.#before.set(vertex, version)
  }

  /** Installs a package with all it lacks, or moves it to another version. Throws a `Refusal` if that breaks a demand. */
  install(request: InstallRequest): void {
    const vertex = this.#graph.vertex(request)
    this.#requested.add(vertex)
    const manifest = this.#chosen(request, vertex)
    if (!manifest) {
      vertex.manual = true
      return
    }
    checkScope(request, manifest)
    const before = new Set((this.#violations ?? this.#graph.violations()).map(pairOf))
    this.#add(vertex, manifest, true)
    this.#addMissing(vertex)
    const violations = this.#graph.violations()
    const added = violations.filter((violation) => !before.has(pairOf(violation)))
    if (added.length > 0) throw ofViolations(added)
    this.#graph.prune()
    // Pruning breaks nothing.
    this.#violations = violations.filter(({ from }) => from.version)
  }

  /** Returns the version that was asked for, or the latest; undefined if an installed package has that already. */
  #chosen({ name, version }: InstallRequest, { ref, version: current }: Vertex): PackageVersion | undefined {
    const found = this.#publication(name, (problem) => new Refusal(`${name} is ${problem}.`, [ref]))
    const text = version || this.#latest(found)
    if (!version && current && !isUpgradable(current.text, text ?? current.text)) return undefined
    // The command line of Glasskube puts a "v" before versions that have none.
    const chosen = [text, `v${text}`].map((each) => found.versions.find(({ version }) => version === each))
    const manifest = chosen.find((each) => each !== undefined)
    if (manifest) return manifest
    const problem = `${found.repository} has no ${['version', text].join(' ').trim()} of ${name}.`
    throw new Refusal(problem, [{ ...ref, required: version || undefined }])
  }

  #latest({ versions, latestVersion }: RepositoryPackage): string | undefined {
    this.#budget.spend(versions.length)
    const parsed = versions.map(({ version }) => parseLooseVersion(version))
    return latestVersion ?? highestRelease(parsed.filter((version) => version !== undefined))?.text
  }

  /** Adds what a package lacks, and what that lacks. */
  #addMissing(root: Vertex): void {
    const pending = [{ from: root, rest: root.needs.keys() }]
    for (let top = pending.at(-1); top; top = pending.at(-1)) {
      const { value: missing, done } = top.rest.next()
      if (done) {
        pending.pop()
      } else if (!missing.version) {
        const manifest = this.#fitting(missing, top.from)
        // A package that nothing fits stays away, and so is a violation in the end.
        if (!manifest) continue
        this.#add(missing, manifest, false)
        if (pending.length > 1) this.#transitive.add(missing)
        pending.push({ from: missing, rest: missing.needs.keys() })
      }
    }
  }

  /** Returns the version of a package that Glasskube chooses for all that need it now, if one fits. */
  #fitting(missing: Vertex, from: Vertex): PackageVersion | undefined {
    const { name } = missing.ref
    const { versions } = this.#publication(name, (problem) => {
      const conflict = { ...missing.ref, required: from.needs.get(missing)?.text, by: from.ref.name }
      return new Refusal(`${named(from)} needs ${name}, which is ${problem}.`, [conflict])
    })
    this.#budget.spend(versions.length)
    const chosen = this.#graph.highest(
      missing,
      versions.map(({ version }) => readVersion(missing, version)),
    )
    return chosen && versions.find(({ version }) => version === chosen.text)
  }

  #publication(name: string, refusal: (problem: string) => Refusal): RepositoryPackage {
    const [found, ...others] = this.#universe.lookup(name)
    if (!found) throw refusal('not available in any repository')
    if (others.length === 0) return found
    const names = [found, ...others].map(({ repository }) => repository).join(', ')
    throw refusal(
      `available from several repositories (${names}), of which Glasskube takes none: name one of them`,
    )
  }

  #add(vertex: Vertex, manifest: PackageVersion, manual: boolean): void {
    this.#graph.add(vertex, readVersion(vertex, manifest.version), this.#needs(vertex, manifest), manual)
  }

  #needs({ ref }: Vertex, manifest: PackageVersion): Vertex['needs'] {
    const needs = new Map<Vertex, VersionRange | undefined>()
    for (const demand of demandsOf(ref, manifest)) {
      this.#budget.spend(STEPS_PER_DEMAND)
      if ((demand.instance?.length ?? 0) > MAX_INSTANCE_LENGTH) {
        const problem = `${describe(ref)} ${manifest.version} brings along ${demand.name} under too long a name.`
        throw new Refusal(problem, [{ name: demand.name, by: ref.name }])
      }
      const range = demand.version ? this.#range(demand.version) : undefined
      if (range && 'problem' in range) {
        const problem = `The range in which ${describe(ref)} ${manifest.version} needs ${demand.name} ${range.problem}.`
        throw new Refusal(problem, [{ name: demand.name, by: ref.name }])
      }
      needs.set(this.#graph.vertex(demand), range)
    }
    return needs
  }

  #range(text: string): VersionRange | { problem: string } {
    const known = this.#ranges.get(text)
    if (known) return known
    this.#budget.spend(text.length)
    const range = parseRange(text)
    if (!('problem' in range)) this.#ranges.set(text, range)
    return range
  }

  answer(): Resolution {
    const started = [...this.#before]
    const requirements = [...this.#graph.vertices]
      .filter((vertex) => vertex.version && !this.#before.has(vertex) && !this.#requested.has(vertex))
      .sort((a, b) => ascending(a.ref.name, b.ref.name) || ascending(keyOf(a.ref), keyOf(b.ref)))
      .map((vertex) => ({ ...selection(vertex), transitive: this.#transitive.has(vertex) }))
    const changes = started.map(([{ ref, version }, from]) => ({
      ...ref,
      from: from.text,
      to: version?.text ?? from.text,
    }))
    const unknown = this.#unpublished.map((vertex) => named(vertex, this.#before.get(vertex)))
    return {
      status: requirements.length > 0 ? 'RESOLVABLE' : 'OK',
      install: [...this.#requested].map((vertex) => selection(vertex)),
      requirements,
      changes: changes.filter(({ from, to }) => from !== to),
      conflicts: [],
      pruned: started
        .filter(([{ version }]) => !version)
        .map(([vertex, version]) => selection(vertex, version)),
      explanation:
        unknown.length > 0 ? `Not published, so it is unknown what they need: ${firstFew(unknown, 10)}.` : '',
    }
  }
}

function selection({ ref, version }: Vertex, selected = version): Selection {
  return { ...ref, version: selected?.text ?? '' }
}

function readVersion({ ref }: Vertex, text: string): LooseVersion {
  const version = parseLooseVersion(text)
  if (version) return version
  const problem = `Glasskube cannot read the version ${JSON.stringify(text)} of ${describe(ref)}.`
  throw new Refusal(problem, [{ ...ref, actual: text }])
}

function checkScope({ name, namespace, instance }: InstallRequest, { scope, version }: PackageVersion): void {
  const isCluster = scope === 'Cluster'
  if (isCluster ? !namespace && !instance : namespace) return
  const remedy = isCluster ? 'leave out namespace and instance' : 'name a namespace'
  throw new Refusal(`${name} ${version} has the scope ${scope}: ${remedy}.`, [{ name, namespace, instance }])
}

function pairOf({ from, to }: Violation): string {
  return `${keyOf(from.ref)} ${keyOf(to.ref)}`
}
