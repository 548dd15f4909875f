/** The files of a backup. Their names are part of its format, whatever a data folder calls them. */
export const INFO_FILE = 'backup.json'
export const INDEX_FILE = 'index.db'
export const REGISTRY_FOLDER = 'registry'
/** The last file: a backup that was cut off has none. */
export const SUMS_FILE = 'SHA256SUMS'

const SEGMENT = /^[a-zA-Z0-9._%-]+$/

/** Returns true for names of files in a backup. None of them leads out of the folder. */
export function isBackupPath(path: string): boolean {
  if ([INFO_FILE, INDEX_FILE, SUMS_FILE].includes(path)) return true
  const [folder, ...rest] = path.split('/')
  if (folder !== REGISTRY_FOLDER || rest.length === 0) return false
  return rest.every((segment) => SEGMENT.test(segment) && !/^\.+$/.test(segment))
}

/** Returns the digest in the name of a registry file. */
export function namedDigest(path: string): string | undefined {
  return (
    /^registry\/blobs\/sha256\/[0-9a-f]{2}\/([0-9a-f]{64})$/.exec(path)?.[1] ??
    /^registry\/repositories\/.+\/_manifests\/sha256-([0-9a-f]{64})$/.exec(path)?.[1]
  )
}
