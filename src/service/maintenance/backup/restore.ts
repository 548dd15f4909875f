/** Makes a data folder of a backup. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import {
  INDEX_FILE,
  INFO_FILE,
  isBackupPath,
  namedDigest,
  REGISTRY_FOLDER,
  SUMS_FILE,
} from './archive-layout.ts'
import { type ArchiveFile, damaged, readArchive } from './read-archive.ts'

export type RestoreReport = {
  createdAt: string
  registry: 'files' | { elsewhere: string }
  files: number
  bytes: number
}

const infoSchema = z.object({
  format: z.literal('pkgserver-backup'),
  formatVersion: z.int(),
  createdAt: z.iso.datetime(),
  registry: z.union([z.literal('files'), z.object({ elsewhere: z.string() })]),
})

/** Where it is put together; what an earlier try has left there goes. */
const STAGING = 'restore.tmp'

/** How a data folder gets its index. */
export type IndexPlace = {
  /** Resolves to a file of an index in the folder, if there is one. */
  findIndexFile: (folder: string) => Promise<string | undefined>
  /** Tells why a file cannot become an index. */
  indexProblem: (copy: string) => string | undefined
  placeIndex: (copy: string, folder: string) => Promise<void>
  syncFolder: (path: string) => Promise<void>
}

/**
 * The folder must be empty and locked. All files are compared with their digests before any of them is put in place,
 * the index last: a folder without one is no data folder. Throws `conflict` and `invalid_archive`.
 */
export async function restore(
  stream: AsyncIterable<Uint8Array>,
  folder: string,
  { findIndexFile, indexProblem, placeIndex, syncFolder }: IndexPlace,
): Promise<RestoreReport> {
  await checkEmpty(folder, findIndexFile)
  const staging = join(folder, STAGING)
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging)
  try {
    const { files, bytes, folders } = await unpack(stream, staging)
    const { createdAt, registry } = await infoOf(staging)
    const problem = indexProblem(join(staging, INDEX_FILE))
    if (problem !== undefined) throw damaged(`its ${INDEX_FILE} is no index of pkgserver: ${problem}`)
    for (const made of [...folders].sort().reverse()) await syncFolder(made)
    if (existsSync(join(staging, REGISTRY_FOLDER)))
      await rename(join(staging, REGISTRY_FOLDER), join(folder, REGISTRY_FOLDER))
    await placeIndex(join(staging, INDEX_FILE), folder)
    await syncFolder(folder)
    return { createdAt, registry, files, bytes }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function checkEmpty(folder: string, findIndexFile: IndexPlace['findIndexFile']): Promise<void> {
  const registry = join(folder, REGISTRY_FOLDER)
  const found = (await findIndexFile(folder)) ?? (existsSync(registry) ? registry : undefined)
  if (found === undefined) return
  throw new AppError(
    'conflict',
    `${found} exists already: restore into an empty folder (--data), or move the content of this one away`,
  )
}

async function unpack(
  stream: AsyncIterable<Uint8Array>,
  staging: string,
): Promise<{ files: number; bytes: number; folders: Set<string> }> {
  const folders = new Set([staging])
  const sums = await open(join(staging, 'sums'), 'w+')
  let files = 0
  let bytes = 0
  let complete = false
  try {
    for await (const file of readArchive(stream)) {
      if (complete || !isBackupPath(file.path)) {
        throw damaged(`${JSON.stringify(file.path)} does not belong in a backup`)
      }
      const path = join(staging, file.path)
      const digest = await place(file, path, folders)
      const expected = namedDigest(file.path)
      if (expected !== undefined && expected !== digest)
        throw damaged(`${file.path} has the digest ${digest}`)
      if (file.path === SUMS_FILE) complete = true
      else {
        await sums.write(`${digest}  ${file.path}\n`)
        files++
        bytes += file.size
      }
    }
    if (!complete) throw damaged('it was cut off')
    await compare(join(staging, 'sums'), join(staging, SUMS_FILE))
    return { files, bytes, folders }
  } finally {
    await sums.close()
  }
}

/** Errors of an archive with impossible paths: a file twice, below another file, or with too long a name. */
const IMPOSSIBLE = ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG']

/** Resolves to the digest of the file. */
async function place(file: ArchiveFile, path: string, folders: Set<string>): Promise<string> {
  try {
    await makeFolders(dirname(path), folders)
    return await write(file, path)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!IMPOSSIBLE.includes(code)) throw error
    throw damaged(`"${file.path.slice(0, 300)}" cannot be in one folder with the files before it (${code})`)
  }
}

async function makeFolders(folder: string, made: Set<string>): Promise<void> {
  if (made.has(folder)) return
  await makeFolders(dirname(folder), made)
  await mkdir(folder, { recursive: true })
  made.add(folder)
}

/** Durable when it resolves. */
async function write({ content }: ArchiveFile, path: string): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(path, 'wx')
  try {
    for await (const chunk of content) {
      hash.update(chunk)
      await handle.writeFile(chunk)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}

/** Line by line: of as many files as there are. */
async function compare(read: string, stated: string): Promise<void> {
  const [one, other] = [await open(read), await open(stated)]
  try {
    const lines = other.readLines()[Symbol.asyncIterator]()
    for await (const line of one.readLines()) {
      const expected = await lines.next()
      if (expected.value !== line) throw damaged(`${line.slice(66)} has changed since the backup was written`)
    }
    if (!(await lines.next()).done) throw damaged('files are missing')
  } finally {
    await one.close().catch(() => undefined)
    await other.close().catch(() => undefined)
  }
}

async function infoOf(staging: string): Promise<Pick<RestoreReport, 'createdAt' | 'registry'>> {
  for (const name of [INFO_FILE, INDEX_FILE]) {
    if (!existsSync(join(staging, name))) throw damaged(`it has no ${name}`)
  }
  const text = await readFile(join(staging, INFO_FILE), 'utf8')
  const { success, data } = infoSchema.safeParse(parsed(text))
  if (!success) throw damaged(`its ${INFO_FILE} does not describe one`)
  if (data.formatVersion === 1) return data
  throw new AppError(
    'invalid_archive',
    'the backup was written by a newer version of pkgserver: restore it with that version',
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
