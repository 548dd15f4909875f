/** The last name of a path: `.DS_Store`, or `._` and the name of another file (AppleDouble). */
const MAC_FILE = /(?:^|\/)(?:\._[^/]*|\.DS_Store)$/

/** Reports whether macOS writes a file of this name beside others, with attributes that no package needs. */
export function isMacFile(path: string): boolean {
  return MAC_FILE.test(path)
}
