/** The package.yaml of a new package. */
import { stringify } from 'yaml'
import type { InitOptions } from '../kpt/init-resources.ts'
import type { Resources } from '../resources.ts'
import { MANIFEST_PATH } from './inspect-manifest.ts'

export function initManifest(
  name: string,
  { description = `${name} description` }: InitOptions = {},
): Resources {
  const manifest = {
    name,
    scope: 'Cluster',
    defaultNamespace: name,
    shortDescription: description,
    manifests: [],
  }
  return new Map([[MANIFEST_PATH, Buffer.from(stringify(manifest))]])
}
