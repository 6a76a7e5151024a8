import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Loading CUDA for the first time takes seconds. */
const PROBE_MS = 60_000

const script = `
  const { InferenceSession } = await import("onnxruntime-node")
  const options = { executionProviders: ["cuda"], logSeverityLevel: 4 }
  const session = await InferenceSession.create(process.argv[1], options)
  await session.release()
  process.exit(0)
`

/**
 * Opens an ONNX model on the GPU, in a process of its own: a driver may crash. Undefined where that works, else the
 * reason. The model is opened, not run.
 */
export function probeCuda(model: string, signal?: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--input-type=module", "-e", script, model],
      {
        cwd: fileURLToPath(new URL("../../../", import.meta.url)),
        timeout: PROBE_MS,
        ...(signal && { signal }),
      },
      (error, _stdout, stderr) => {
        if (error === null) return resolve(undefined)
        // ONNX Runtime logs the cause and throws what is left of it.
        const missing = /error: (\S+\.so[.\d]*): cannot open shared object file/.exec(stderr)?.[1]
        const thrown = /^\w*Error: (.*)$/m.exec(stderr)?.[1]
        if (missing !== undefined) return resolve(`${missing} cannot be loaded`)
        resolve(thrown ?? (error.signal ? `the attempt was ended by ${error.signal}` : error.message))
      },
    )
  })
}
