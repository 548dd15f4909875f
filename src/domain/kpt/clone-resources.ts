import type { SetterProblem } from '../krm/apply-setter-comments.ts'
import type { Labels } from '../labels.ts'
import { type Resources, sameBytes } from '../resources.ts'
import { NOTED_FILES, type UpstreamNote, withUpstream } from './kptfile.ts'
import { applySetters } from './setters.ts'

export type CloneRequest = { resources: Resources; note: UpstreamNote; setters?: Labels | undefined }

/** Returns the files in which a clone differs from its upstream, or the problem with the values of its setters. */
export function cloneResources({ resources, note, setters = {} }: CloneRequest): Resources | SetterProblem {
  const set = applySetters(resources, setters)
  if ('problem' in set) return set
  const cloned = withUpstream(set, note)
  return new Map([...cloned].filter(([path, content]) => !sameBytes(content, resources.get(path))))
}

/** Returns the files that a clone may change: without values for setters, only those with the name and the upstream. */
export function changeableFiles({ resources, setters = {} }: Omit<CloneRequest, 'note'>): Resources {
  if (Object.keys(setters).length > 0) return resources
  return new Map([...resources].filter(([path]) => NOTED_FILES.includes(path)))
}
