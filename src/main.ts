#!/usr/bin/env node
import { commandsWith } from './cli/commands.ts'
import { run } from './cli/run.ts'

const output = {
  out: (text: string) => void process.stdout.write(text),
  error: (text: string) => void process.stderr.write(text),
}

process.exitCode = await run(process.argv.slice(2), commandsWith(output), output)
