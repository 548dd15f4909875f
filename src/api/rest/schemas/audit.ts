import { z } from '@hono/zod-openapi'
import { AUDIT_OUTCOMES, AUDIT_TYPES, PRINCIPAL_KINDS, VIA_KINDS } from '../../../domain/audit/entry.ts'
import { count, listOf, pageQuery, repositoryName, timestamp } from './common.ts'

const auditType = z
  .enum(AUDIT_TYPES)
  .openapi({ description: 'What was done.', example: 'revision.published' })

/** A text or null. */
function known(description: string, example: string) {
  return z.string().nullable().openapi({ description, example })
}

/** A time with its zone, or the number of a record. */
const since = z
  .union([z.iso.datetime({ offset: true }), z.string().regex(/^[0-9]{1,15}$/)], {
    error: 'must be a time like 2026-11-20T10:15:30Z, or the number of a record',
  })
  .transform((text) =>
    /^[0-9]+$/.test(text) ? { seq: Number(text) } : { time: new Date(text).toISOString() },
  )
  .openapi({
    type: 'string',
    description: 'Only records since a time, or after the record with this number.',
    example: '2026-11-20T10:15:30Z',
  })

export const auditQuery = z.strictObject({
  since: since.optional(),
  type: auditType.optional(),
  principal: z.string().min(1).max(256).optional().openapi({
    description: 'Only of this principal: its id, or the name of one without an id.',
    example: 'anonymous',
  }),
  repository: repositoryName.optional(),
  ...pageQuery,
})

const state = z.strictObject({
  digest: known(
    'Digest of the artifact.',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  ),
  lifecycle: known('State of the revision.', 'Published'),
  version: known('Version of the revision.', '1.17.0+2'),
})

const hash = (description: string) =>
  z.string().openapi({
    description,
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })

export const auditRecordSchema = z
  .strictObject({
    seq: z.int().min(1).openapi({
      description: 'Number of the record: one more than that of the record before.',
      example: 1042,
    }),
    time: timestamp('When it was recorded.'),
    type: auditType,
    outcome: z.enum(AUDIT_OUTCOMES).openapi({ description: 'How it ended.', example: 'success' }),
    code: known('Code of the error; null if it succeeded.', 'forbidden'),
    count: count('How often it happened: refusals of a minute are one record.', 1),
    actor: z
      .strictObject({
        id: known('Id of the principal; null for a caller without an account.', 'u-17'),
        name: z.string().openapi({ description: 'Name at that time.', example: 'anonymous' }),
        kind: z
          .enum(PRINCIPAL_KINDS)
          .openapi({ description: 'Kind of the principal.', example: 'anonymous' }),
        groups: z
          .array(z.string())
          .openapi({ description: 'Groups that gave the right.', example: ['platform'] }),
      })
      .openapi({ description: 'Who did it.' }),
    via: z
      .strictObject({
        kind: z
          .enum(VIA_KINDS)
          .openapi({ description: 'How the principal authenticated.', example: 'token' }),
        tokenId: known('Id of the token.', 't-3'),
        issuer: known('Issuer of the identity.', 'https://id.example.com'),
        subject: known('Subject at the issuer.', '248289761001'),
        jti: known('Id of the token of the issuer.', 'example-jti'),
        job: known('Number of the job that did it.', '17'),
      })
      .openapi({ description: 'By what means.' }),
    source: z
      .strictObject({
        address: known('Address of the client; null when it is no longer kept.', '192.0.2.7'),
        addressHash: known(
          'HMAC of that address, which stays.',
          '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
        ),
        userAgent: known('User agent, up to 256 characters.', 'curl/8.5.0'),
      })
      .openapi({ description: 'Where it came from.' }),
    request: z
      .strictObject({
        id: known('Id of the request, as in the log of the server.', '8a6f0c7e-7a5c-4b57-9c3f-6b6c8f0f2a11'),
        method: known('Method.', 'POST'),
        route: known('Path with the names of its parameters.', '/api/v1/packagerevisions/:name/approve'),
      })
      .nullable()
      .openapi({ description: 'The request; null for what a job or the server itself did.' }),
    target: z
      .strictObject({
        repository: known('Repository.', 'blueprints'),
        package: known('Path of the package.', 'nf/upf'),
        revision: known('Name of the package revision.', 'blueprints.nf.upf.ws1'),
        name: known('Name of a webhook, or number of a job.', 'flux'),
      })
      .openapi({ description: 'What was changed.' }),
    before: state
      .nullable()
      .openapi({ description: 'The revision before the change; null if there was none.' }),
    after: state.nullable().openapi({ description: 'The revision after the change; null if there is none.' }),
    reason: known('Reason that was given, up to 1024 characters.', 'reviewed with the network team'),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).openapi({
      type: 'object',
      description: 'More about it, by its type.',
      additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
      example: { number: 3 },
    }),
    prevHash: hash('Hash of the record before.'),
    hash: hash('SHA-256 of this record as canonical JSON, without `hash` and `source.address`.'),
  })
  .openapi('AuditRecord', { description: 'A record of the audit log.' })

export const auditListSchema = listOf(auditRecordSchema, 'AuditRecordList')

export const auditVerificationRequestSchema = z
  .strictObject({
    heads: z
      .array(
        z.strictObject({
          seq: z.int().min(0).openapi({ description: 'Number of the record.', example: 1042 }),
          hash: hash('Its hash.').regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
        }),
      )
      .max(1000)
      .optional()
      .openapi({
        description:
          'Records that were noted elsewhere, and must be in the log: from `backup.json` of a backup, for example.',
      }),
  })
  .openapi('AuditVerificationRequest')

export const auditVerificationSchema = z
  .strictObject({
    records: count('Records that were checked.', 1042),
    first: z.int().nullable().openapi({ description: 'Number of the first record.', example: 1 }),
    last: z.int().nullable().openapi({ description: 'Number of the last record.', example: 1042 }),
    hash: hash('Hash of the last record. Note it with the number, elsewhere.'),
    cut: count('Number of the last record that was cut off; 0 if there is none.', 0),
    anchors: count('Heads in the registry and in the request that agree with the log.'),
    olderAnchors: count('Heads that are older than the first record, and cannot be compared.', 0),
    problems: z
      .array(
        z.strictObject({
          seq: z.int().openapi({
            description: 'Number of the record; 0 for a problem with the heads in the registry.',
            example: 17,
          }),
          problem: z
            .string()
            .openapi({ description: 'What is wrong.', example: 'it does not follow the record before it' }),
        }),
      )
      .openapi({ description: 'The first 100 problems; empty if nothing is changed or missing.' }),
    milliseconds: count('Duration in milliseconds.'),
  })
  .openapi('AuditVerification', { description: 'The result of verifying the audit log.' })
