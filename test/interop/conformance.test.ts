/** What the OCI's own suites say of the registry: https://github.com/opencontainers/distribution-spec */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { startServer } from '../support/process.ts'
import { type Tool, tool } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { type Report, readJunit } from './junit.ts'
import { describeIfThere, describeWith } from './tool.ts'

const SOURCE = 'Build it from github.com/opencontainers/distribution-spec, see conformance/README.md there'

/** The suite that tests of Go modules can always be built from, between 1.1.0-rc2 and rc3. */
const OF_2023 = tool('oci-conformance-2023')

/** That of the current specification. */
const OF_1_1 = tool('oci-conformance-1.1', `${SOURCE}, at the tag v1.1.1.`)

/** The one written anew on the main branch, where the next specification is made. */
const NEW = tool('oci-conformance', `${SOURCE}, at the commit 967efdc.`)

const GINKGO = 'OCI Distribution Conformance Tests'

/** What the older suites skip, and why. */
const SKIPPED_BY_GINKGO = [
  // For registries that nothing can be pushed to.
  `${GINKGO} Pull Setup Get tag name from environment`,
  `${GINKGO} Content Discovery Setup Populate registry with test tags (no push)`,
  // For registries that do not mount blobs. This one does.
  `${GINKGO} Push Cross-Repository Blob Mount Cross-mounting of nonexistent blob should yield session id`,
  // For registries that look for a blob in all repositories. The case for those that do not is run.
  `${GINKGO} Push Cross-Repository Blob Mount Cross-mounting without from, and automatic content discovery enabled should return a 201`,
]

/** Nothing is mounted without saying from where, which registries need not do. */
const ANONYMOUS_MOUNT = ['sha256', 'sha512'].map(
  (algorithm) => `OCI Conformance Test/${algorithm} blobs/mount anonymous/blob-mount-anonymous`,
)

/** Cancelling an upload is not in 1.1. */
const CANCEL = ['sha256', 'sha512'].map(
  (algorithm) => `OCI Conformance Test/${algorithm} blobs/post cancel/blob-post-cancel`,
)

/** Runs a suite against a server that is started for it. `env` says how the suite is told where that is. */
async function reportOf(
  suite: Tool,
  env: (host: string, folder: string) => Record<string, string>,
): Promise<Report> {
  const server = await startServer(await temporaryFolder())
  const folder = await temporaryFolder()
  const { PATH = '' } = process.env
  const options = { cwd: folder, env: { PATH, ...env(server.url.host, folder) }, maxBuffer: 64 << 20 }
  try {
    await promisify(execFile)(suite.path, options)
  } catch {
    // It fails when a test of it does, which the report tells better.
  }
  return readJunit(await readFile(join(folder, 'junit.xml'), 'utf8'))
}

function byGinkgo(suite: Tool): Promise<Report> {
  return reportOf(suite, (host, folder) => ({
    OCI_ROOT_URL: `http://${host}`,
    OCI_NAMESPACE: 'conformance/one',
    OCI_CROSSMOUNT_NAMESPACE: 'conformance/two',
    OCI_TEST_PULL: '1',
    OCI_TEST_PUSH: '1',
    OCI_TEST_CONTENT_DISCOVERY: '1',
    OCI_TEST_CONTENT_MANAGEMENT: '1',
    OCI_AUTOMATIC_CROSSMOUNT: '0',
    OCI_REPORT_DIR: folder,
  }))
}

function byNewSuite(version: string): Promise<Report> {
  return reportOf(NEW, (host, folder) => ({
    OCI_REGISTRY: host,
    OCI_TLS: 'disabled',
    OCI_REPO1: 'conformance/one',
    OCI_REPO2: 'conformance/two',
    OCI_VERSION: version,
    OCI_RESULTS_DIR: folder,
  }))
}

function expectConformance(report: Report, atLeast: number, skipped: string[]): void {
  expect(report.failed).toEqual([])
  expect(report.skipped.sort()).toEqual(skipped.sort())
  // Fewer would mean that the suite did not get to the others.
  expect(report.tests).toBeGreaterThanOrEqual(atLeast)
}

describeWith(OF_2023, 'the conformance suite of 2023', () => {
  it('finds no fault with pulling, pushing, discovery and management', async () => {
    expectConformance(await byGinkgo(OF_2023), 64, SKIPPED_BY_GINKGO)
  })
})

describeIfThere(OF_1_1, 'the conformance suite of specification 1.1', () => {
  it('finds no fault with pulling, pushing, discovery and management', async () => {
    expectConformance(await byGinkgo(OF_1_1), 80, SKIPPED_BY_GINKGO)
  })
})

describeIfThere(NEW, 'the conformance suite of the main branch', () => {
  it('finds no fault by specification 1.1', async () => {
    expectConformance(await byNewSuite('1.1'), 858, [...ANONYMOUS_MOUNT, ...CANCEL])
  })

  it('finds no fault by the specification to come', async () => {
    expectConformance(await byNewSuite('dev'), 982, ANONYMOUS_MOUNT)
  })
})
