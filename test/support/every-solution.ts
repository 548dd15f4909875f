/** All solutions of a small resolution, found by trying every combination of versions for the whole cluster. */
import { parseLooseVersion } from '../../src/domain/glasskube/loose-version.ts'
import { parseRange, rangeMatches } from '../../src/domain/glasskube/range.ts'
import type {
  PackageVersion,
  Resolution,
  ResolutionProblem,
} from '../../src/domain/glasskube/resolution/problem.ts'

/** The version of each package that is there. */
export type Versions = ReadonlyMap<string, string>

export function everySolution(problem: ResolutionProblem, names: readonly string[]): Versions[] {
  let combinations: Map<string, string>[] = [new Map()]
  for (const name of names) {
    const choices = choicesOf(problem, name)
    combinations = combinations.flatMap((versions) => [
      versions,
      ...choices.map((version) => new Map(versions).set(name, version)),
    ])
  }
  return combinations.filter((versions) => isSolution(problem, versions))
}

/** Versions are written alike in all small problems, so that texts can be compared. */
export function isSolution(problem: ResolutionProblem, versions: Versions): boolean {
  const { install, installed } = problem
  const asked = install.every(({ name, version }) => {
    const has = versions.get(name)
    if (has === undefined || !choicesOf(problem, name).includes(has)) return false
    const isExact = version !== undefined && choicesOf(problem, name).includes(version)
    return isExact ? has === version : accepts(problem, name, version, has)
  })
  const stays = installed.every(({ name, asDependency }) => asDependency || versions.has(name))
  const fits = [...versions].every(([name, version]) =>
    manifest(problem, name, version).dependencies.every((need) =>
      isMet(problem, versions, name, need.name, need.version),
    ),
  )
  return asked && stays && fits && reachable(problem, versions).size === versions.size
}

/** The versions that an answer leads to. */
export function versionsAfter({ installed }: ResolutionProblem, answer: Resolution): Versions {
  const versions = new Map(installed.map((one) => [one.name, one.version]))
  for (const one of answer.pruned) versions.delete(one.name)
  for (const { name, to } of answer.changes) versions.set(name, to)
  for (const { name, version } of [...answer.install, ...answer.requirements]) versions.set(name, version)
  return versions
}

function choicesOf({ universe, install, installed }: ResolutionProblem, name: string): string[] {
  const published = universe.lookup(name)[0]?.versions ?? []
  const named = [...install, ...installed]
    .filter((one) => one.name === name)
    .flatMap(({ version }) => version ?? [])
  const free = published.filter(({ version, deprecated }) => !deprecated || named.includes(version))
  const present = installed.filter((one) => one.name === name).map(({ version }) => version)
  return [...new Set([...free.map(({ version }) => version), ...present])]
}

function manifest(
  { universe }: ResolutionProblem,
  name: string,
  version: string,
): Pick<PackageVersion, 'dependencies'> {
  const published = universe.lookup(name)[0]?.versions ?? []
  return published.find((one) => one.version === version) ?? { dependencies: [] }
}

function isMet(
  problem: ResolutionProblem,
  versions: Versions,
  by: string,
  name: string,
  range: string | undefined,
): boolean {
  const has = versions.get(name)
  if (has !== undefined && accepts(problem, name, range, has)) return true
  const before = problem.installed.find((one) => one.name === by)?.version
  if (problem.install.some((one) => one.name === by) || versions.get(by) !== before) return false
  // An installed package may go on without something that it lacks already.
  return has === problem.installed.find((one) => one.name === name)?.version || !isInstalled(problem, name)
}

const isInstalled = ({ installed }: ResolutionProblem, name: string) =>
  installed.some((one) => one.name === name)

function accepts(
  problem: ResolutionProblem,
  name: string,
  range: string | undefined,
  version: string,
): boolean {
  const loose = parseLooseVersion(version)
  if (range !== undefined) {
    const parsed = parseRange(range)
    return loose !== undefined && !('problem' in parsed) && rangeMatches(parsed, loose)
  }
  const { universe, install, installed } = problem
  const all = [...(universe.lookup(name)[0]?.versions ?? []), ...installed.filter((one) => one.name === name)]
  const isNamed = [...install, ...installed].some((one) => one.name === name && one.version === version)
  return !loose?.prerelease || isNamed || all.every((one) => one.version.includes('-'))
}

function reachable({ universe, install, installed }: ResolutionProblem, versions: Versions): Set<string> {
  const roots = [...install, ...installed.filter((one) => !one.asDependency)].map(({ name }) => name)
  const names = new Set(roots)
  for (const name of names) {
    const version = versions.get(name)
    const published = universe.lookup(name)[0]?.versions.find((one) => one.version === version)
    for (const need of published?.dependencies ?? []) if (versions.has(need.name)) names.add(need.name)
  }
  return names
}
