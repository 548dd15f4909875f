/** The files of a package revision: their contents, and the one bit of their modes that git keeps, too. */
import { AppError } from '../core/errors.ts'
import type { Resources } from './resources.ts'

export type PackageFiles = {
  resources: Resources
  /** The files of mode 0755; that of all others is 0644. Most code needs only contents, so this is beside them. */
  executables: ReadonlySet<string>
  /** Paths of an upload that are no part of the package. */
  leftOut?: readonly string[]
}

/** An archive that a client packed. Unpacked, it may have a thousand times its size. */
export type Upload = { archive: Uint8Array }

export type NewFiles = PackageFiles | Upload

/** A change of a file; what it leaves out stays as it is. A new file is not executable by default. */
export type FileChange = { content?: Uint8Array; executable?: boolean }

export type FilesPatch = {
  /** null deletes a file. */
  changes: ReadonlyMap<string, FileChange | null>
  leftOut?: readonly string[]
}

export const NO_FILES: PackageFiles = { resources: new Map(), executables: new Set() }

/** Returns files of which none is executable. */
export function plainFiles(resources: Resources): PackageFiles {
  return { resources, executables: NO_FILES.executables }
}

export function filesWhere(files: PackageFiles, wanted: (path: string) => boolean): PackageFiles {
  return {
    resources: new Map([...files.resources].filter(([path]) => wanted(path))),
    executables: new Set([...files.executables].filter(wanted)),
  }
}

/** Returns the files of both; those of `top` replace others of the same path. */
export function overlaid(base: PackageFiles, top: PackageFiles): PackageFiles {
  const { executables } = filesWhere(base, (path) => !top.resources.has(path))
  return {
    resources: new Map([...base.resources, ...top.resources]),
    executables: executables.union(top.executables),
  }
}

/** Throws `invalid` for a new file without content. */
export function patchFiles(base: PackageFiles, { changes, leftOut = [] }: FilesPatch): PackageFiles {
  const resources = new Map(base.resources)
  const executables = new Set(base.executables)
  for (const [path, change] of changes) {
    if (change === null) resources.delete(path)
    else if (change.content) resources.set(path, change.content)
    else if (!resources.has(path)) {
      throw new AppError('invalid', `there is no file "${path}" yet: send its content, too`, {
        details: [{ path, message: 'a new file needs its content' }],
      })
    }
    if (change === null || change.executable === false) executables.delete(path)
    else if (change.executable) executables.add(path)
  }
  return { resources, executables, leftOut }
}

/** Returns the patch that makes each of these files what it is, with its mode, and keeps all others. */
export function patchOf({ resources, executables, leftOut = [] }: PackageFiles): FilesPatch {
  const change = (path: string, content: Uint8Array) => ({ content, executable: executables.has(path) })
  return { changes: new Map([...resources].map(([path, content]) => [path, change(path, content)])), leftOut }
}
