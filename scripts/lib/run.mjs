import { spawn } from "node:child_process"
import { constants } from "node:os"

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"]

/**
 * Runs a program to its end on our own streams and resolves to its exit code: 128 + n where signal n ended it, 127
 * where it could not be started. Signals that we get go to it; we end when it has ended.
 */
export const run = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "inherit", ...options })
    // Ctrl-C at a terminal reaches the child without us: a second SIGINT would be taken for the user's impatience.
    const atTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)
    const handlers = FORWARDED.map((signal) => {
      const forward = () => {
        if (signal !== "SIGINT" || !atTerminal) child.kill(signal)
      }
      process.on(signal, forward)
      return [signal, forward]
    })
    const end = (code) => {
      for (const [signal, forward] of handlers) process.off(signal, forward)
      resolve(code)
    }
    child.once("error", (error) => {
      process.stderr.write(`jett: cannot start ${command}: ${error.message}\n`)
      end(127)
    })
    child.once("close", (code, signal) => end(code ?? 128 + (constants.signals[signal] ?? 1)))
  })

/** Runs a program and resolves to its exit code and what it wrote to stdout. */
export const capture = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] })
    let stdout = ""
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk
    })
    child.once("error", () => resolve({ code: 127, stdout }))
    child.once("close", (code) => resolve({ code: code ?? 1, stdout }))
  })
