/** Twenty small files of a package; others for each seed. */
export function twentyFiles(seed: number): Record<string, string> {
  const names = Array.from({ length: 20 }, (_, at) => `file-${at}.yaml`)
  const text = (name: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name.replace('.yaml', '')}\ndata:\n  seed: "${seed}"\n`
  return Object.fromEntries(names.map((name) => [name, text(name)]))
}
