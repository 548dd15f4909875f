/**
 * Fields of Kubernetes objects that exclude each other, such as the sources of a volume: with two of them an object is
 * invalid (https://kubernetes.io/docs/reference/kubernetes-api/). Those in atomic lists are missing, since the items of
 * such a list are never merged.
 */
import { formatKind, type ObjectKind } from './identity.ts'
import { CONTAINER_LISTS, own, POD_SPEC_AT } from './list-types.ts'

/**
 * A field, given as its path below the map of the one-of, with `[]` for any item of a list. With a value, it counts only
 * if it has that value.
 */
export type Member = { place: readonly string[]; value?: string }

/** Alternatives, at most one of which a map has; each is a set of fields. */
export type Choice = { type: 'choice'; alternatives: readonly (readonly Member[])[] }
/** Fields that are allowed only with some values of another field. */
export type Union = {
  type: 'union'
  discriminator: string
  /** The value of a missing discriminator. */
  default: string | undefined
  members: readonly { member: Member; allowedWith: readonly string[] }[]
}
export type OneOf = Choice | Union

/** Returns the one-ofs of the map at a place in an object: keys of maps, and `[]` for the items of a list. */
export type OneOfs = (place: readonly string[]) => readonly OneOf[]

/** Alternatives of one field each, written `a.b` or `a=value`. */
export function choice(...fields: readonly string[]): Choice {
  return { type: 'choice', alternatives: fields.map((field) => [memberOf(field)]) }
}

/** `members` has the values of the discriminator with which each field is allowed. */
export function union(
  discriminator: string,
  members: Readonly<Record<string, readonly string[]>>,
  byDefault?: string,
): Union {
  return {
    type: 'union',
    discriminator,
    default: byDefault,
    members: Object.entries(members).map(([field, allowedWith]) => ({
      member: memberOf(field),
      allowedWith,
    })),
  }
}

function memberOf(field: string): Member {
  const [path = '', value] = field.split('=')
  return { place: path.split('.'), ...(value === undefined ? {} : { value }) }
}

type Table = Readonly<Record<string, readonly OneOf[]>>

const probe = [choice('exec', 'httpGet', 'tcpSocket', 'grpc')]
const handler = [choice('exec', 'httpGet', 'tcpSocket', 'sleep')]
const profile = [union('type', { localhostProfile: ['Localhost'] })]
const clientConfig = [choice('url', 'service')]
const paramRef = [choice('name', 'selector')]

const SECURITY_CONTEXT: Table = { seccompProfile: profile, appArmorProfile: profile }

const CONTAINER: Table = {
  'env.[]': [choice('value', 'valueFrom')],
  'env.[].valueFrom': [
    choice('fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'),
  ],
  'volumeMounts.[]': [choice('subPath', 'subPathExpr')],
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  'lifecycle.postStart': handler,
  'lifecycle.preStop': handler,
  ...below('securityContext', SECURITY_CONTEXT),
}

/** The sources of volumes that a PersistentVolume has, too. */
const STORAGE = [
  ...[
    'awsElasticBlockStore',
    'azureDisk',
    'azureFile',
    'cephfs',
    'cinder',
    'csi',
    'fc',
    'flexVolume',
    'flocker',
  ],
  ...['gcePersistentDisk', 'glusterfs', 'hostPath', 'iscsi', 'nfs', 'photonPersistentDisk', 'portworxVolume'],
  ...['quobyte', 'rbd', 'scaleIO', 'storageos', 'vsphereVolume'],
]
const VOLUME = [
  ...['configMap', 'downwardAPI', 'emptyDir', 'ephemeral', 'gitRepo', 'image', 'persistentVolumeClaim'],
  ...['projected', 'secret'],
]

const POD_SPEC: Table = {
  ...Object.assign({}, ...CONTAINER_LISTS.map((list) => below(`${list}.[]`, CONTAINER))),
  ...below('securityContext', SECURITY_CONTEXT),
  'volumes.[]': [choice(...STORAGE, ...VOLUME)],
  'resourceClaims.[]': [choice('resourceClaimName', 'resourceClaimTemplateName')],
  'resourceClaims.[].source': [choice('resourceClaimName', 'resourceClaimTemplateName')],
}

const updateStrategy = [union('type', { rollingUpdate: ['RollingUpdate'] }, 'RollingUpdate')]
const webhooks: Table = { 'webhooks.[].clientConfig': clientConfig }
const functions = [choice('image', 'exec'), choice('configPath', 'configMap')]
const ofLoadBalancer = ['LoadBalancer']
const external = ['NodePort', 'LoadBalancer']

const OTHERS: Readonly<Record<string, Table>> = {
  Service: {
    spec: [
      union(
        'type',
        {
          externalName: ['ExternalName'],
          clusterIP: ['ClusterIP', ...external],
          'clusterIP=None': ['ClusterIP'],
          'ports.[].nodePort': external,
          externalTrafficPolicy: external,
          allocateLoadBalancerNodePorts: ofLoadBalancer,
          healthCheckNodePort: ofLoadBalancer,
          loadBalancerClass: ofLoadBalancer,
          loadBalancerIP: ofLoadBalancer,
          loadBalancerSourceRanges: ofLoadBalancer,
        },
        'ClusterIP',
      ),
      union('sessionAffinity', { sessionAffinityConfig: ['ClientIP'] }, 'None'),
      union('externalTrafficPolicy', { healthCheckNodePort: ['Local'] }, 'Cluster'),
    ],
  },
  PersistentVolume: { spec: [choice(...STORAGE, 'local')] },
  'apps/Deployment': { 'spec.strategy': updateStrategy },
  'apps/StatefulSet': { 'spec.updateStrategy': updateStrategy },
  'apps/DaemonSet': { 'spec.updateStrategy': updateStrategy },
  'networking.k8s.io/Ingress': {
    'spec.defaultBackend': [choice('service', 'resource')],
    'spec.defaultBackend.service.port': [choice('name', 'number')],
  },
  'policy/PodDisruptionBudget': { spec: [choice('minAvailable', 'maxUnavailable')] },
  'storage.k8s.io/VolumeAttachment': {
    'spec.source': [choice('persistentVolumeName', 'inlineVolumeSpec')],
  },
  'snapshot.storage.k8s.io/VolumeSnapshot': {
    'spec.source': [choice('persistentVolumeClaimName', 'volumeSnapshotContentName')],
  },
  'snapshot.storage.k8s.io/VolumeSnapshotContent': {
    'spec.source': [choice('volumeHandle', 'snapshotHandle')],
  },
  'resource.k8s.io/ResourceSlice': {
    spec: [choice('nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection')],
  },
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': {
    spec: [union('type', { limited: ['Limited'], exempt: ['Exempt'] })],
    'spec.limited.limitResponse': [union('type', { queuing: ['Queue'] })],
  },
  'apiregistration.k8s.io/APIService': { spec: [choice('insecureSkipTLSVerify=true', 'caBundle')] },
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': { 'spec.paramRef': paramRef },
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': { 'spec.paramRef': paramRef },
  'apiextensions.k8s.io/CustomResourceDefinition': {
    'spec.conversion': [union('strategy', { webhook: ['Webhook'] }, 'None')],
    'spec.conversion.webhook.clientConfig': clientConfig,
  },
  'kpt.dev/Kptfile': { 'pipeline.mutators.[]': functions, 'pipeline.validators.[]': functions },
}

const NONE: readonly OneOf[] = []

/** Returns the one-ofs of a built-in kind; `schema` has those of a custom one, from `crd-one-ofs.ts`. */
export function oneOfsOf(kind: ObjectKind, schema?: OneOfs): OneOfs {
  const name = formatKind(kind)
  const pod = own(POD_SPEC_AT, name)
  const table: Table = { ...own(OTHERS, name), ...(pod === undefined ? {} : below(pod, POD_SPEC)) }
  return (place) => [...(own(table, place.join('.')) ?? NONE), ...(schema?.(place) ?? NONE)]
}

function below(place: string, table: Table): Table {
  return Object.fromEntries(Object.entries(table).map(([path, oneOfs]) => [`${place}.${path}`, oneOfs]))
}
