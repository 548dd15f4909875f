/** A renamed file; `similarity` is in percent. */
export type Rename = { from: string; to: string; similarity: number }

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
