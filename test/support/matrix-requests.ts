/** A request of each operation that the server has, for tests that send them as different callers. */
import { SYSTEM } from '../../src/service/access/actor.ts'
import { createToken } from '../../src/service/accounts/create-token.ts'
import type { Client } from './client.ts'
import { glasskubeRepository, publishVersion } from './glasskube.ts'
import { runJob } from './jobs.ts'
import type { ProtectedApp } from './protected-app.ts'

export type MatrixRequest = {
  /** Tells requests of the same operation apart. */
  about?: string
  method?: string
  /** A function makes an object of its own for the request. */
  path: string | (() => Promise<string>)
  body?: unknown
}

const API = '/api/v1'
const PUBLISHED = `${API}/packagerevisions/blueprints.nf.upf.ws1`
const DRAFT = `${API}/packagerevisions/blueprints.nf.upf.ws2`
const PACKAGE = { repository: 'blueprints', package: 'nf/upf' }
const OCI = '/v2/blueprints/nf/upf'
const TREE = '/glasskube/blueprints-apps'
/** Content beside the packages. */
const RAW = '/v2/blueprints-raw/x'

const BLOB = Buffer.from('a blob')
const BLOB_DIGEST = 'sha256:b1bd4bfc3eb5ee2e4d1e1c9a6df0bd4e1aa0a1d5f8f7d8f1f2ab7a2a3a4d5b6c'

const WEBHOOK = { name: 'hook', url: 'http://receiver.invalid/', secret: 'a-long-and-secret-text' }

/**
 * Creates what the requests are about, in repositories `blueprints*`. For a caller who may send it, a request changes
 * nothing that another one needs: it is based on an old version, names what exists already, or has an object of its own.
 */
export async function matrixRequests(
  app: ProtectedApp,
  admin: Client,
): Promise<Record<string, MatrixRequest | MatrixRequest[]>> {
  await admin.createRepository()
  const { artifact } = await admin.publish('ws1')
  await admin.createDraft('ws2')
  await admin.ok('POST', '/webhooks', { ...WEBHOOK, filter: PACKAGE })
  const { id: delivery } = await admin.ok('POST', '/webhooks/hook/ping')
  const clones = {
    upstream: 'blueprints.nf.upf.ws1',
    targets: [{ repository: 'blueprints', package: 'nf/clone' }],
    dryRun: true,
  }
  const { id: job } = await runJob(admin, '/clones', clones)
  await admin.ok('POST', '/serviceaccounts', { name: 'bot', scope: 'blueprints' })
  const bound = { subject: { kind: 'group', name: 'readers' }, role: 'reader', repositories: ['blueprints'] }
  const { id: binding } = await admin.ok('POST', '/bindings', bound)
  // For a repository that no other request is about.
  const votes = { name: 'votes', repositories: ['blueprints-x'], approvals: 2, floor: false }
  await admin.ok('POST', '/reviewpolicies', votes)
  const digest = await pushBlob(admin)
  const upload = () => startUpload(admin)
  let groups = 0
  const newBinding = async (): Promise<string> => {
    const made = await app.bind({ kind: 'group', name: `group-${groups++}` }, 'reader', 'blueprints')
    return `${API}/bindings/${made.id}`
  }
  const newToken = async (): Promise<string> => {
    const owner = { kind: 'serviceaccount', name: 'bot' } as const
    return `${API}/tokens/${(await createToken(app.access, SYSTEM, { name: 'test', owner })).token.id}`
  }

  const issuer = { issuer: 'https://token.actions.githubusercontent.com' }
  await admin.ok('POST', '/issuers', { ...issuer, name: 'github' })
  const trust = { issuer: 'github', claims: { repository_id: ['74'], environment: ['prod'] } }
  const trusts = `${API}/serviceaccounts/bot/trusts`
  const newTrust = async (): Promise<string> => {
    return `${trusts}/${(await admin.ok('POST', '/serviceaccounts/bot/trusts', trust)).id}`
  }

  await glasskubeRepository(admin, 'blueprints-apps')
  await publishVersion(admin, 'store', '1.0.0', { repository: 'blueprints-apps' })
  const rules = await admin.ok('GET', '/accessrules')

  return {
    createRepository: { path: `${API}/repositories`, body: { name: 'blueprints', type: 'catalog' } },
    listAuditRecords: { path: `${API}/audit` },
    verifyAudit: { path: `${API}/audit/verifications`, body: { heads: [] } },
    listRepositories: { path: `${API}/repositories` },
    getRepository: { path: `${API}/repositories/blueprints` },
    updateRepository: { path: `${API}/repositories/blueprints`, body: {} },
    syncRepository: { path: `${API}/repositories/blueprints/sync` },
    deleteRepository: { path: `${API}/repositories/blueprints` },
    listPackages: { path: `${API}/packages` },
    getPackage: { path: `${API}/packages/blueprints/nf%2Fupf` },
    // Refused as conflicts, since these are no Glasskube packages.
    updatePackage: { path: `${API}/packages/blueprints/nf%2Fupf`, body: { latestVersion: null } },
    getDependencies: { path: `${API}/packages/blueprints/nf%2Fupf/dependencies` },
    listDependents: { path: `${API}/packages/blueprints/nf%2Fupf/dependents` },
    getValuesSchema: { path: `${API}/packages/blueprints/nf%2Fupf/values-schema` },
    checkValues: { path: `${API}/packages/blueprints/nf%2Fupf/values`, body: { values: {} } },
    resolvePackages: { path: `${API}/resolutions`, body: { repositories: ['blueprints'] } },
    assessImpact: { path: `${PUBLISHED}/impact` },
    getPackageGraph: { path: `${API}/packages/blueprints/nf/upf/graph` },
    createPackageRevision: {
      path: `${API}/packagerevisions`,
      body: { ...PACKAGE, workspace: 'ws1', source: { init: {} } },
    },
    listPackageRevisions: { path: `${API}/packagerevisions` },
    getPackageRevision: [
      { about: 'published', path: PUBLISHED },
      { about: 'a draft', path: DRAFT },
    ],
    updatePackageRevision: { path: DRAFT, body: {} },
    deletePackageRevision: { path: DRAFT },
    listDownstreams: { path: `${PUBLISHED}/downstreams` },
    listObjects: { path: `${API}/objects?kind=Deployment` },
    listImages: { path: `${API}/images?image=nginx` },
    getResources: [
      { about: 'published', path: `${PUBLISHED}/resources` },
      { about: 'a draft', path: `${DRAFT}/resources` },
    ],
    replaceResources: { path: `${DRAFT}/resources`, body: { resources: {} } },
    changeResources: { path: `${DRAFT}/resources`, body: { resources: {} } },
    getResource: [
      { about: 'published', path: `${PUBLISHED}/resources/Kptfile` },
      { about: 'a draft', path: `${DRAFT}/resources/Kptfile` },
    ],
    propose: { path: `${PUBLISHED}/propose` },
    approve: { path: `${PUBLISHED}/approve` },
    reject: { path: `${PUBLISHED}/reject` },
    getReview: [
      { about: 'published', path: `${PUBLISHED}/review` },
      { about: 'a draft', path: `${DRAFT}/review` },
    ],
    proposeDeletion: { path: `${DRAFT}/propose-deletion` },
    diffPackageRevision: [
      { about: 'published', path: `${PUBLISHED}/diff` },
      { about: 'with a draft', path: `${PUBLISHED}/diff?against=blueprints.nf.upf.ws2` },
    ],
    previewUpgrade: { path: `${PUBLISHED}/upgrade-preview`, body: {} },
    listConflicts: { path: `${DRAFT}/conflicts` },
    resolveConflict: { path: `${DRAFT}/conflicts/1/resolve`, body: {} },
    createUpgrades: { path: `${API}/upgrades`, body: { upstream: PACKAGE, dryRun: true } },
    createClones: { path: `${API}/clones`, body: clones },
    listJobs: { path: `${API}/jobs` },
    getJob: { path: `${API}/jobs/${job}` },
    listJobItems: { path: `${API}/jobs/${job}/items` },
    cancelJob: { path: `${API}/jobs/${job}/cancel` },
    followJob: { path: `${API}/jobs/${job}/events` },
    createWebhook: { path: `${API}/webhooks`, body: { ...WEBHOOK, filter: PACKAGE } },
    listWebhooks: { path: `${API}/webhooks` },
    getWebhook: { path: `${API}/webhooks/hook` },
    updateWebhook: { path: `${API}/webhooks/hook`, body: {} },
    deleteWebhook: { path: `${API}/webhooks/hook` },
    listDeliveries: { path: `${API}/webhooks/hook/deliveries` },
    redeliver: { path: `${API}/webhooks/hook/deliveries/${delivery}/redeliver` },
    pingWebhook: { path: `${API}/webhooks/hook/ping` },
    collectGarbage: { path: `${API}/garbage-collections`, body: { dryRun: true } },
    verify: { path: `${API}/verifications`, body: {} },
    backup: { path: `${API}/backups` },
    createToken: { path: `${API}/tokens`, body: { name: 'test' } },
    listTokens: { path: `${API}/tokens` },
    rotateToken: { about: "a service account's", path: async () => `${await newToken()}/rotate`, body: {} },
    revokeToken: { about: "a service account's", path: newToken },
    listSessions: { path: `${API}/sessions` },
    listUserSessions: { path: `${API}/users/admin/sessions` },
    endSession: { about: 'that does not exist', path: `${API}/sessions/none` },
    createServiceAccount: { path: `${API}/serviceaccounts`, body: { name: 'bot', scope: 'blueprints' } },
    listServiceAccounts: { path: `${API}/serviceaccounts` },
    getServiceAccount: { path: `${API}/serviceaccounts/bot` },
    updateServiceAccount: { path: `${API}/serviceaccounts/bot`, body: {} },
    deleteServiceAccount: { path: `${API}/serviceaccounts/bot` },
    createServiceAccountToken: { path: `${API}/serviceaccounts/bot/tokens`, body: { name: 'test' } },
    listServiceAccountTokens: { path: `${API}/serviceaccounts/bot/tokens` },
    createIssuer: { path: `${API}/issuers`, body: { ...issuer, name: 'github' } },
    listIssuers: { path: `${API}/issuers` },
    getIssuer: { path: `${API}/issuers/github` },
    replaceIssuer: { path: `${API}/issuers/github`, body: issuer },
    deleteIssuer: { path: `${API}/issuers/github` },
    createTrust: { path: trusts, body: trust },
    listTrusts: { path: trusts },
    getTrust: { path: newTrust },
    deleteTrust: { path: newTrust },
    createBinding: { path: `${API}/bindings`, body: bound },
    listBindings: { path: `${API}/bindings` },
    getBinding: { path: `${API}/bindings/${binding}` },
    deleteBinding: { path: newBinding },
    createReviewPolicy: { path: `${API}/reviewpolicies`, body: votes },
    listReviewPolicies: { path: `${API}/reviewpolicies` },
    getReviewPolicy: { path: `${API}/reviewpolicies/votes` },
    replaceReviewPolicy: {
      path: `${API}/reviewpolicies/votes`,
      body: { repositories: ['blueprints-x'], approvals: 2 },
    },
    deleteReviewPolicy: { path: `${API}/reviewpolicies/votes` },
    listUsers: { path: `${API}/users` },
    getUser: { path: `${API}/users/admin` },
    updateUser: { path: `${API}/users/admin`, body: {} },
    listUserTokens: { path: `${API}/users/admin/tokens` },
    getAccessRules: { path: `${API}/accessrules` },
    replaceAccessRules: { path: `${API}/accessrules?dryRun=true`, body: rules },
    getServer: { path: API },
    whoami: { path: `${API}/whoami` },
    getAccess: { path: `${API}/access?permission=read&repository=blueprints` },

    getGlasskubeIndex: { path: `${TREE}/index.yaml` },
    getGlasskubeVersions: { path: `${TREE}/store/versions.yaml` },
    getGlasskubeFile: { path: `${TREE}/store/v1.0.0/package.yaml` },

    healthz: { path: '/healthz' },
    readyz: { path: '/readyz' },
    metrics: { path: '/metrics' },

    getRegistryToken: { path: '/auth/token' },
    exchangeRegistryToken: { path: '/auth/token', body: 'grant_type=refresh_token' },
    logIn: { about: 'without an identity provider', path: '/auth/login' },
    finishLogin: { about: 'without an identity provider', path: '/auth/callback' },
    logOut: { about: 'without a session', path: '/auth/logout' },
    startDeviceLogin: { about: 'without an identity provider', path: '/auth/device', body: 'client_id=x' },
    showDeviceLogin: { about: 'without an identity provider', path: '/auth/device' },
    decideDeviceLogin: {
      about: 'without an identity provider',
      path: '/auth/device/decision',
      body: 'decision=approve',
    },
    checkApi: { path: '/v2/' },
    listNames: { path: '/v2/_catalog' },
    listTags: { path: `${OCI}/tags/list` },
    getManifest: { path: `${OCI}/manifests/v1` },
    putManifest: { path: `${RAW}/manifests/tag`, body: 'no manifest' },
    deleteManifest: { path: `${OCI}/manifests/v1` },
    getBlob: { path: `${OCI}/blobs/${artifact.layerDigest}` },
    deleteBlob: { path: async () => `${RAW}/blobs/${await pushBlob(admin)}` },
    listReferrers: { path: `${OCI}/referrers/${digest}` },
    startUpload: { path: `${RAW}/blobs/uploads/` },
    getUpload: { path: upload },
    continueUpload: { path: upload, body: 'a part' },
    finishUpload: { path: async () => `${await upload()}?digest=${BLOB_DIGEST}`, body: 'something else' },
    cancelUpload: { path: upload },
  }
}

async function startUpload(admin: Client): Promise<string> {
  const { headers } = await admin.send(`${RAW}/blobs/uploads/`, { method: 'POST' })
  return headers.get('Location') ?? ''
}

async function pushBlob(admin: Client): Promise<string> {
  const digest = `sha256:${Buffer.from(await crypto.subtle.digest('SHA-256', BLOB)).toString('hex')}`
  await admin.send(`${await startUpload(admin)}?digest=${digest}`, { method: 'PUT', body: BLOB })
  return digest
}
