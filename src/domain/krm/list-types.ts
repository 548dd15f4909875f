/**
 * The lists of Kubernetes objects that its structured merge treats as maps or sets
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy). All others are atomic.
 */
import type { KeyValue } from './field-path.ts'
import { formatKind, type ObjectKind } from './identity.ts'

/** A list whose items are identified by key fields; a missing field has its default. */
export type MapList = {
  type: 'map'
  keys: readonly string[]
  defaults?: Readonly<Record<string, KeyValue>>
}
/** A list of objects, which are identified as objects of a package are. `of` is the kind of items without one. */
export type ObjectList = { type: 'objects'; of: ObjectKind | undefined }
export type ListType = MapList | { type: 'set' } | { type: 'functions' } | ObjectList

/** Returns the type of the list at a place in an object: keys of maps, and `[]` for the items of a list. */
export type ListTypes = (place: readonly string[]) => ListType | undefined

const byName: ListType = { type: 'map', keys: ['name'] }
const byType: ListType = { type: 'map', keys: ['type'] }
const set: ListType = { type: 'set' }

const ANY_OBJECT: Readonly<Record<string, ListType>> = {
  'metadata.finalizers': set,
  'metadata.ownerReferences': { type: 'map', keys: ['uid'] },
  'status.conditions': byType,
}

const CONTAINER: Readonly<Record<string, ListType>> = {
  env: byName,
  ports: { type: 'map', keys: ['containerPort', 'protocol'], defaults: { protocol: 'TCP' } },
  volumeMounts: { type: 'map', keys: ['mountPath'] },
  volumeDevices: { type: 'map', keys: ['devicePath'] },
  resizePolicy: { type: 'map', keys: ['resourceName'] },
  'resources.claims': byName,
}

export const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers']

const POD_SPEC: Readonly<Record<string, ListType>> = {
  ...Object.fromEntries(
    CONTAINER_LISTS.flatMap((list) => [
      [list, byName],
      ...Object.entries(CONTAINER).map(([field, type]) => [`${list}.[].${field}`, type]),
    ]),
  ),
  volumes: byName,
  imagePullSecrets: byName,
  resourceClaims: byName,
  schedulingGates: byName,
  hostAliases: { type: 'map', keys: ['ip'] },
  topologySpreadConstraints: { type: 'map', keys: ['topologyKey', 'whenUnsatisfiable'] },
}

/** Where the objects with pods have the spec of their pods. */
export const POD_SPEC_AT: Readonly<Record<string, string>> = {
  Pod: 'spec',
  PodTemplate: 'template.spec',
  ReplicationController: 'spec.template.spec',
  'apps/Deployment': 'spec.template.spec',
  'apps/ReplicaSet': 'spec.template.spec',
  'apps/StatefulSet': 'spec.template.spec',
  'apps/DaemonSet': 'spec.template.spec',
  'batch/Job': 'spec.template.spec',
  'batch/CronJob': 'spec.jobTemplate.spec.template.spec',
}

const OTHERS: Readonly<Record<string, Readonly<Record<string, ListType>>>> = {
  Service: {
    'spec.ports': { type: 'map', keys: ['port', 'protocol'], defaults: { protocol: 'TCP' } },
  },
  ServiceAccount: { secrets: byName, imagePullSecrets: byName },
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': { webhooks: byName },
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': { webhooks: byName },
  'apiextensions.k8s.io/CustomResourceDefinition': { 'spec.versions': byName },
  'kustomize.config.k8s.io/Kustomization': {
    resources: set,
    components: set,
    bases: set,
    crds: set,
    images: byName,
    configMapGenerator: byName,
    secretGenerator: byName,
  },
  'kpt.dev/Kptfile': {
    'pipeline.mutators': { type: 'functions' },
    'pipeline.validators': { type: 'functions' },
    'info.readinessGates': { type: 'map', keys: ['conditionType'] },
  },
}

/** Returns the list types of a built-in kind; `schema` has those of a custom one, from `crd-schemas.ts`. */
export function listTypesOf(kind: ObjectKind, schema?: ListTypes): ListTypes {
  const name = formatKind(kind)
  const pod = own(POD_SPEC_AT, name)
  const others = own(OTHERS, name) ?? {}
  return (place) => {
    const path = place.join('.')
    const inPod =
      pod !== undefined && path.startsWith(`${pod}.`) ? own(POD_SPEC, path.slice(pod.length + 1)) : undefined
    return schema?.(place) ?? own(others, path) ?? inPod ?? own(ANY_OBJECT, path) ?? ofObjects(kind, path)
  }
}

function ofObjects({ group, kind }: ObjectKind, path: string): ObjectList | undefined {
  if (path !== 'items' || !kind.endsWith('List')) return undefined
  return { type: 'objects', of: kind === 'List' ? undefined : { group, kind: kind.slice(0, -'List'.length) } }
}

/** Looks up own properties only, since a kind or a field may be called `constructor`. */
export function own<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
