import { type PackedLayer, packLayer } from '../artifact/layer.ts'
import type { Resources } from '../package/resources.ts'
import { type Findings, validateResources } from '../package/validation/validate.ts'

/** Files on their way into an artifact: packed, and looked through. */
export type Prepared = { packed: PackedLayer; findings: Findings }

/** Packs and validates files: everything about them that takes the processor's time. */
export type Prepare = (resources: Resources) => Promise<Prepared>

export function prepareNow(resources: Resources): Prepared {
  return { packed: packLayer(resources), findings: validateResources(resources) }
}
