/** Tells in the log why traces are lost. */
import { DiagLogLevel, diag } from '@opentelemetry/api'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'

type Result = Parameters<Parameters<SpanExporter['export']>[1]>[0]

/** https://open-telemetry.github.io/opentelemetry-js/enums/_opentelemetry_core.ExportResultCode.html */
const SUCCESS: Result['code'] = 0

const REMEDY =
  'OTEL_EXPORTER_OTLP_ENDPOINT must be a collector that takes OTLP over HTTP, usually on port 4318; if it wants a token, set OTEL_EXPORTER_OTLP_HEADERS'

/** Reports each new reason for which spans are lost, and when they arrive again. */
export function reported(exporter: SpanExporter, place: string, log: Logger): SpanExporter {
  let reason: string | undefined
  let lost = 0
  const report = ({ code, error }: Result, spans: number): void => {
    const before = reason
    reason = code === SUCCESS ? undefined : reasonOf(error)
    if (reason !== undefined) {
      lost += spans
      if (reason !== before) log.warn({ lost }, `traces are lost: ${place}: ${reason}. ${REMEDY}.`)
    } else if (before !== undefined) {
      log.info({ lost }, `traces arrive at ${place} again`)
      lost = 0
    }
  }
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        report(result, spans.length)
        done(result)
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}

/** A refusal has the status as its code. */
function reasonOf(error: (Error & { code?: unknown }) | undefined): string {
  return [error?.code, error?.message].filter(Boolean).join(' ')
}

/**
 * Reports what the exporter takes for a success but warns of: answers that are not those of a collector, and spans that
 * the collector has refused. Each kind of warning once.
 */
export function reportWarnings(place: string, log: Logger): void {
  const seen = new Set<string>()
  const warn = (...texts: unknown[]): void => {
    const text = texts.join(' ')
    const kind = text.replaceAll(/[0-9]+/g, '')
    if (seen.has(kind) || seen.size >= MAX_KINDS) return
    seen.add(kind)
    log.warn(`traces may be lost: ${place}: ${text}. ${REMEDY}.`)
  }
  const ignore = (): void => undefined
  // Its errors are the failures that the exporter reports.
  diag.setLogger({ warn, error: ignore, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN)
}

/** Warnings may quote answers, which can be any text. */
const MAX_KINDS = 20
