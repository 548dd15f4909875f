import { constants, type Dirent } from 'node:fs'
import { type FileHandle, lstat, open, opendir, readdir, realpath } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { AppError, shortened } from '../../core/errors.ts'
import { MAX_INDEX_BYTES, readPackageIndex, readRepositoryIndex } from '../../domain/glasskube/index-files.ts'
import { MANIFEST_PATH } from '../../domain/glasskube/inspect-manifest.ts'
import { manifestFiles } from '../../domain/glasskube/manifest-files.ts'
import { type ResourceLimits, tooManyBytes, tooManyFiles } from '../../domain/resources.ts'
import {
  type ForeignTree,
  referenceNotes,
  type TreeFiles,
  type TreeNote,
  type TreePackages,
} from './foreign-tree.ts'

/** A tree in a folder. Throws `invalid` for what is no such folder. */
export async function folderTree(folder: string): Promise<ForeignTree> {
  const root = await realpath(folder).catch((cause) => {
    throw new AppError('invalid', `there is no folder ${folder}`, { cause })
  })
  if (!(await isFile(join(root, 'index.yaml')))) {
    throw new AppError(
      'invalid',
      `${folder} has no index.yaml: name the folder of a repository in the format of Glasskube`,
    )
  }
  return {
    packages: () => readable(root, packagesIn(root)),
    versions: (name) => readable(root, versionsIn(root, name)),
    files: (name, version, limits) =>
      readable(root, filesIn({ root, folder: join(root, name, version), limits })),
  }
}

/** Errors that a single path can be at fault for. A name that is not UTF-8 cannot be opened (ENOENT). */
const OF_PATHS = ['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']

/** A file that cannot be read concerns its version alone. Throws `invalid`. */
async function readable<T>(root: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    const { code = '', path = root } = cause as NodeJS.ErrnoException
    if (!OF_PATHS.includes(code)) throw cause
    throw new AppError('invalid', shortened(`cannot read (${code}) ${relative(root, path)}`), { cause })
  }
}

async function packagesIn(root: string): Promise<TreePackages> {
  const packages = readRepositoryIndex(await readSmall(root, 'index.yaml'), 'index.yaml')
  const listed = new Set(packages.map(({ name }) => name))
  const unlisted = (await foldersIn(root)).filter((name) => !listed.has(name))
  const note = 'index.yaml does not list this folder, so it is left out'
  return { packages, notes: unlisted.map((path) => ({ path, note })) }
}

async function versionsIn(root: string, name: string) {
  const folder = join(root, name)
  const path = `${name}/versions.yaml`
  // A link may lead out of the tree.
  if (!(await isFolder(folder)) || !(await isFile(join(root, path)))) {
    throw new AppError('not_found', `there is no file ${path}`)
  }
  const there = await foldersIn(folder)
  const { latestVersion, versions } = readPackageIndex(await readSmall(root, path), path)
  const listed = new Set(versions)
  const unlisted = there.filter((version) => !listed.has(version))
  const note = 'versions.yaml does not list this folder, so it is left out'
  return {
    latestVersion,
    folders: versions,
    notes: unlisted.map((version) => ({ path: `${name}/${version}`, note })),
  }
}

type Walk = { root: string; folder: string; limits: ResourceLimits }

async function filesIn(walk: Walk): Promise<TreeFiles | undefined> {
  const { root, folder, limits } = walk
  if (!(await isFolder(folder))) return undefined
  const resources = new Map<string, Uint8Array>()
  const executables = new Set<string>()
  const notes: TreeNote[] = []
  let left = limits.maxBytes
  for await (const path of pathsIn(walk, notes)) {
    if (resources.size >= limits.maxFiles) throw tooManyFiles(limits)
    const { content, executable } = await readUpTo(join(folder, path), left)
    if (content.byteLength > left) throw tooManyBytes(limits)
    left -= content.byteLength
    resources.set(path, content)
    if (executable) executables.add(path)
  }
  const at = relative(root, folder).replaceAll(sep, '/')
  const manifest = resources.get(MANIFEST_PATH)
  if (manifest) notes.push(...referenceNotes(at, manifestFiles(manifest), resources))
  return { resources, executables, notes }
}

/** Yields the files, hidden ones too. A link is followed to a file of the tree alone: others are not the tree's own. */
async function* pathsIn({ root, folder, limits }: Walk, notes: TreeNote[]): AsyncGenerator<string> {
  for await (const entry of entriesIn(folder, limits)) {
    const whole = join(entry.parentPath, entry.name)
    const path = relative(folder, whole).replaceAll(sep, '/')
    if (entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(root, whole)))) yield path
    else {
      const kind = entry.isSymbolicLink() ? 'a link to no file of the tree' : 'neither a file nor a folder'
      notes.push({ path: relative(root, whole).replaceAll(sep, '/'), note: `it is ${kind}, and left out` })
    }
  }
}

/** Yields all but folders, at any depth. */
async function* entriesIn(folder: string, limits: ResourceLimits): AsyncGenerator<Dirent> {
  const folders = [folder]
  let count = 0
  for (const each of folders) {
    for await (const entry of await opendir(each)) {
      if (++count > 2 * limits.maxFiles) throw tooManyFiles(limits)
      if (entry.isDirectory()) folders.push(join(each, entry.name))
      else yield entry
    }
  }
}

async function leadsToFile(root: string, link: string): Promise<boolean> {
  const target = await realpath(link).catch(() => undefined)
  return target?.startsWith(resolve(root) + sep) === true && (await isFile(target))
}

async function readSmall(root: string, path: string): Promise<Uint8Array> {
  return (await readUpTo(join(root, path), MAX_INDEX_BYTES)).content
}

/** Reads a file; of one that is larger than `limit`, one byte more. */
async function readUpTo(path: string, limit: number): Promise<{ content: Uint8Array; executable: boolean }> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const { size, mode } = await handle.stat()
    return { content: await read(handle, Math.min(size, limit + 1)), executable: (mode & 0o100) !== 0 }
  } finally {
    await handle.close()
  }
}

async function read(handle: FileHandle, size: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0)
  return buffer.subarray(0, bytesRead)
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  // Hidden ones belong to other tools, as .git does.
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isFile() === true
}
