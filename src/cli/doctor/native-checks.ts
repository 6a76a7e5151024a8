import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { isRecord } from "../../platform/is-record.ts"
import { SQLITE_PACKAGE } from "../../security/audit/sqlite-package.ts"
import { type Check, fail, ok, warn } from "./check.ts"

interface NativeModule {
  readonly name: string
  /** What does not work without it, where Jett works all the same. */
  readonly optional?: string | undefined
}

const nativeModules: readonly NativeModule[] = [
  { name: "onnxruntime-node" },
  { name: SQLITE_PACKAGE },
  { name: "node-llama-cpp", optional: "the embedded language model" },
  { name: "@fugood/llama.node", optional: "the embedded language model" },
  { name: "naudiodon", optional: "sound through PortAudio" },
]

const packageRoot = fileURLToPath(new URL("../../../", import.meta.url))

/** One check for each native module that this project depends on; each is loaded in a process of its own. */
export function nativeChecks(): readonly Check[] {
  const declared = declaredDependencies()
  return nativeModules.filter(({ name }) => declared.has(name)).map(nativeCheck)
}

export function nativeCheck({ name, optional }: NativeModule): Check {
  return {
    id: `native.${name}`,
    timeoutMs: 30_000,
    run: async (signal) => {
      const problem = await loadInChild(name, signal)
      if (problem === undefined) return ok(`${name} loads`)
      if (optional === undefined)
        return fail(`${name} does not load: ${problem}`, "run npm ci in Jett's folder")
      return warn(`${name} does not load, so there is no ${optional}: ${problem}`, `run npm rebuild ${name}`)
    },
  }
}

/** Undefined where it loads. A native module may print or crash, so it never loads in our own process. */
function loadInChild(name: string, signal: AbortSignal): Promise<string | undefined> {
  const script = `await import(${JSON.stringify(name)}); process.exit(0)`
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--input-type=module", "-e", script],
      { cwd: packageRoot, signal, timeout: 25_000 },
      (error, _stdout, stderr) => {
        if (error === null) resolve(undefined)
        else if (error.signal) resolve(`killed by ${error.signal}`)
        else resolve(/^\w*Error.*$/m.exec(stderr)?.[0]?.slice(0, 200) ?? `exit code ${error.code}`)
      },
    )
  })
}

function declaredDependencies(): ReadonlySet<string> {
  const found: unknown = JSON.parse(readFileSync(`${packageRoot}package.json`, "utf8"))
  if (!isRecord(found)) return new Set()
  const { dependencies, optionalDependencies } = found
  return new Set(
    [dependencies, optionalDependencies].flatMap((list) => (isRecord(list) ? Object.keys(list) : [])),
  )
}
