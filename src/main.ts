#!/usr/bin/env node
import { commandsWith } from './cli/commands.ts'
import { printable } from './cli/printable.ts'
import { run } from './cli/run.ts'

const output = {
  out: (text: string) => void process.stdout.write(printable(text)),
  error: (text: string) => void process.stderr.write(printable(text)),
}

// A reader such as `head` closes the pipe once it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await run(process.argv.slice(2), commandsWith(output), output)
