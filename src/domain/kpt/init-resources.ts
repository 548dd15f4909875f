/** The files of a new package, as `kpt pkg init` and Porch's init task create them. */
import { writeObject } from '../krm/generated-text.ts'
import type { Resources } from '../resources.ts'
import { nameOf } from './kptfile.ts'

export type InitOptions = { description?: string | undefined }

export function initResources(packagePath: string, options: InitOptions = {}): Resources {
  const name = nameOf(packagePath)
  const description = options.description ?? `${name} description`
  const kptfile = {
    apiVersion: 'kpt.dev/v1',
    kind: 'Kptfile',
    metadata: { name, annotations: { 'config.kubernetes.io/local-config': 'true' } },
    info: { description },
  }
  const context = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kptfile.kpt.dev', annotations: { 'config.kubernetes.io/local-config': 'true' } },
    data: { name },
  }
  return new Map(
    Object.entries({
      Kptfile: writeObject(kptfile),
      'README.md': `# ${name}\n\n${description}\n`,
      'package-context.yaml': writeObject(context),
    }).map(([path, text]) => [path, Buffer.from(text)]),
  )
}
