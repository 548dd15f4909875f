import { oneLine } from './printable.ts'

/** The outcome of `pkgserver restore`. */
export type RestoreResult = {
  createdAt: string
  registry: 'files' | { elsewhere: string }
  files: number
  bytes: number
}

export function restoreInWords({ createdAt, registry, files, bytes }: RestoreResult, data: string): string {
  const lines = [`restored ${data} as of ${createdAt}: ${files} files, ${bytes} bytes, all digests verified`]
  if (registry !== 'files') {
    lines.push(
      `The artifacts are not in the backup: they are in ${oneLine(registry.elsewhere)}. Start the server with that registry, and run pkgserver verify to see whether it still has them.`,
    )
  }
  return `${lines.join('\n')}\n`
}
