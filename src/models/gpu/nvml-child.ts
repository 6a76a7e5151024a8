import { createInterface } from "node:readline"
import { NvmlError, openNvml } from "./nvml-library.ts"
import type { NvmlMessage } from "./nvml-messages.ts"

/*
 * The program around NVML. It runs in a process of its own because a driver call may block for seconds or crash.
 * Arguments: the GPU's number, then the libraries to try. stdin: the id of a question a line; stdout: NvmlMessages.
 */

const tell = (message: NvmlMessage): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

const fail = (error: unknown): void => {
  const message = error instanceof Error ? error.message : String(error)
  process.stdout.write(
    `${JSON.stringify({ type: "failed", message, isFinal: error instanceof NvmlError && error.isFinal } satisfies NvmlMessage)}\n`,
    () => process.exit(1),
  )
}

const main = async (): Promise<void> => {
  const [index, ...libraries] = process.argv.slice(2)
  const device = await openNvml(libraries, Number(index))
  tell({ type: "described", ...device.description })
  const questions = createInterface({ input: process.stdin })
  questions.on("line", (line) => {
    try {
      tell({ type: "reading", id: Number(line), ...device.read() })
    } catch (error) {
      fail(error)
    }
  })
  // The parent's death closes our stdin.
  questions.on("close", () => process.exit(0))
}

process.stdout.on("error", () => process.exit(0))
main().catch(fail)
