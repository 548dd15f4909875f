/** Files as the REST API has them. */
import type { PackageFiles } from '../../domain/package-files.ts'
import { sameBytes } from '../../domain/resources.ts'

type FileJson = string | { text?: string; base64?: string; executable?: boolean }
export type FilesJson = Record<string, FileJson>

export function toFilesJson({ resources, executables }: PackageFiles): FilesJson {
  return Object.fromEntries(
    [...resources].map(([path, content]) => {
      return [path, { base64: Buffer.from(content).toString('base64'), executable: executables.has(path) }]
    }),
  )
}

/** Reports whether files are the same, with their modes. */
export function sameFiles({ resources, executables }: PackageFiles, json: FilesJson): boolean {
  const paths = Object.keys(json)
  return (
    paths.length === resources.size &&
    paths.every((path) => {
      const file = json[path]
      return (
        file !== undefined &&
        sameBytes(resources.get(path), bytesOf(file)) &&
        executables.has(path) === (typeof file === 'object' && file.executable === true)
      )
    })
  )
}

function bytesOf(file: FileJson): Uint8Array {
  if (typeof file === 'string') return Buffer.from(file)
  return file.base64 === undefined ? Buffer.from(file.text ?? '') : Buffer.from(file.base64, 'base64')
}
