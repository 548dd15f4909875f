/** What `pkgserver restore` has done. */
export type RestoreResult = {
  createdAt: string
  registry: 'files' | { elsewhere: string }
  files: number
  bytes: number
}

export function restoreInWords({ createdAt, registry, files, bytes }: RestoreResult, data: string): string {
  const lines = [`${data} is as it was at ${createdAt}: ${files} files, ${bytes} bytes, all digests right`]
  if (registry !== 'files') {
    lines.push(
      `The artifacts are not in the backup: they are in ${registry.elsewhere}. Start the server with that registry, and see with pkgserver verify whether it still has them.`,
    )
  }
  return `${lines.join('\n')}\n`
}
