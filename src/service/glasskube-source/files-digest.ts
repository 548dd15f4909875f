import type { PackageFiles } from '../../domain/package-files.ts'
import { digestOf } from '../../oci/digest.ts'

/** The digest of files with their paths and modes; that of no files stands for a missing version. */
export function filesDigest(files: PackageFiles | undefined): string {
  const entries = [...(files?.resources ?? [])].map(([path, content]) => [
    path,
    files?.executables.has(path),
    digestOf(content),
  ])
  return digestOf(Buffer.from(JSON.stringify(entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)))))
}
