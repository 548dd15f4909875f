/** Imports a tree of packages in the format of Glasskube into a repository. */
import { mapConcurrently } from '../../core/concurrency.ts'
import { AppError } from '../../core/errors.ts'
import type { IndexedPackage } from '../../domain/glasskube/index-files.ts'
import { labelProblem } from '../../domain/names.ts'
import type { RepositoryFormat } from '../../domain/repository.ts'
import { type TreePackage, TreeUnavailableError } from '../../service/glasskube-source/foreign-tree.ts'
import { type Import, importPackage } from './import-package.ts'
import { ImportReport } from './report.ts'

const PACKAGES_AT_ONCE = 4

/** With more packages that cannot be read, the web server is at fault, and each would wait for it. */
const MOST_UNREAD = 5

/** `location`: what the caller named the tree by. */
export async function importTree(
  given: Omit<Import, 'report'> & { location: string },
): Promise<ImportReport> {
  const run: Import = { ...given, report: new ImportReport() }
  const { report, progress, tree } = run
  const { packages, notes } = await tree.packages()
  for (const { path, note } of notes) report.note(path, note)
  await requireRepository(run, given.location)
  const listed = await mapConcurrently(unique(packages), (each) => list(run, each), PACKAGES_AT_ONCE)
  const found = listed.filter((each) => each !== undefined)
  report.packages = found.length
  progress.begin(found.reduce((sum, { versions }) => sum + versions.folders.length, 0))
  try {
    // The longest first, as their versions come one after the other.
    found.sort((a, b) => b.versions.folders.length - a.versions.folders.length)
    const add = ({ name, versions }: (typeof found)[number]): Promise<void> =>
      importPackage(run, name, versions).catch((error) => keepBack(run, name, error))
    await mapConcurrently(found, add, PACKAGES_AT_ONCE)
  } finally {
    progress.end()
  }
  return report
}

function unique(packages: readonly IndexedPackage[]): IndexedPackage[] {
  return [...new Map(packages.map((each) => [each.name, each])).values()]
}

/** Reads the versions of a package; undefined for one that is refused, or cannot be read now. */
async function list(
  run: Import,
  { name, latestVersion }: IndexedPackage,
): Promise<{ name: string; versions: TreePackage } | undefined> {
  const { tree, report } = run
  const problem = labelProblem(name)
  if (problem) {
    report.count(name, 'refused', `its name cannot be the name of a package, which ${problem}`)
    return undefined
  }
  try {
    const versions = await tree.versions(name)
    for (const { path, note } of versions.notes) report.note(path, note)
    if (latestVersion !== versions.latestVersion) {
      const texts = `${latestVersion ?? 'none'}, but versions.yaml ${versions.latestVersion ?? 'none'}, which counts`
      report.note(name, `index.yaml has the latestVersion ${texts}`)
    }
    return { name, versions }
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'unavailable') keepBack(run, name, error)
    else report.count(name, 'refused', error.message)
    return undefined
  }
}

/** A file that cannot be read now keeps back its own package alone, whose later versions must not come first. */
function keepBack({ report }: Import, name: string, error: unknown): void {
  if (!(error instanceof TreeUnavailableError) || report.unread >= MOST_UNREAD) throw error
  report.unread++
  report.waits(name, `the rest of it waits for the next import: ${error.message}`)
}

/** Throws `conflict` for a repository that packages cannot be imported into. */
async function requireRepository({ api, repository: name }: Import, location: string): Promise<void> {
  const path = `/repositories/${name}`
  const there = await api.find<{ format: RepositoryFormat; source?: { url: string } }>(path)
  if (!there) {
    const description = `Imported from ${location}`
    await api.call('POST', '/repositories', { name, type: 'catalog', format: 'glasskube', description })
  } else if (there.format !== 'glasskube') {
    throw new AppError(
      'conflict',
      `the repository ${name} has the format ${there.format}: name another one, or a new one, which is created`,
    )
  } else if (there.source) {
    throw new AppError(
      'conflict',
      `the repository ${name} is filled from ${there.source.url}: name another one`,
    )
  }
}
