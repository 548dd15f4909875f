#!/usr/bin/env node
import { commandsWith } from './cli/commands.ts'
import { printable } from './cli/printable.ts'
import { run } from './cli/run.ts'

const output = {
  out: (text: string) => void process.stdout.write(printable(text)),
  error: (text: string) => void process.stderr.write(printable(text)),
}

process.exitCode = await run(process.argv.slice(2), commandsWith(output), output)
