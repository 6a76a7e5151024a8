import { existsSync, readFileSync, statfsSync } from "node:fs"
import { availableParallelism, totalmem } from "node:os"
import { dirname } from "node:path"
import type { Environment } from "../../config/paths.ts"
import { connectControl } from "../../service/control-client.ts"
import { lockHolder } from "../../service/instance-lock.ts"
import { controlSocketPath, runtimeFolder } from "../../service/runtime-folder.ts"
import { messageOf } from "../failure.ts"
import { type Check, type Finding, fail, ok, warn } from "./check.ts"

const MIB = 1024 * 1024

/** The lowest Node that the project is tested with; the same as `engines` in package.json. */
const MIN_NODE = [20, 20] as const

export function nodeCheck(version = process.versions.node): Check {
  return {
    id: "node.version",
    run: () => {
      const [major = 0, minor = 0] = version.split(".").map(Number)
      const recent = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])
      if (recent) return ok(`Node ${version}`)
      return fail(`Node ${version}; expected ${MIN_NODE.join(".")} or newer`, "install a newer Node")
    },
  }
}

export const coresCheck: Check = {
  id: "system.cores",
  run: () => {
    const cores = availableParallelism()
    if (cores >= 2) return ok(`${cores} cores`)
    return warn("1 core; replies will be slow", "give the machine two cores or more")
  },
}

export const memoryCheck: Check = {
  id: "system.memory",
  run: () => {
    const totalMib = Math.round(totalmem() / MIB)
    const freeMib = availableMemoryMib() ?? totalMib
    const summary = `${freeMib} MiB available of ${totalMib} MiB`
    if (freeMib >= 1_200) return ok(summary)
    return warn(`${summary}; about 1000 MiB are needed with the embedded model`, "close other programs")
  },
}

function availableMemoryMib(): number | undefined {
  try {
    const kib = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "latin1"))?.[1]
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024)
  } catch {
    return undefined
  }
}

/** Space for models, recordings and transcripts. `folder` need not exist yet. */
export function diskCheck(folder: string): Check {
  return {
    id: "system.disk",
    run: () => {
      let existing = folder
      while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing)
      const { bavail, bsize } = statfsSync(existing)
      return diskFinding(Math.round((bavail * bsize) / MIB), existing)
    },
  }
}

export function diskFinding(freeMib: number, folder: string): Finding {
  const summary = `${freeMib} MiB free at ${folder}`
  if (freeMib < 100) return fail(summary, "free some space: nothing can be written soon")
  if (freeMib < 1_024) return warn(`${summary}; the models need up to 1024 MiB`, "free some space")
  return ok(summary)
}

/** The runtime folder, the lock and the daemon. */
export function runtimeCheck(env: Environment): Check {
  return {
    id: "runtime.folder",
    run: async () => {
      let folder: string
      try {
        folder = runtimeFolder(env)
      } catch (error) {
        return fail(messageOf(error), "remove that folder, or set XDG_RUNTIME_DIR to one of yours")
      }
      const holder = lockHolder(folder)
      try {
        const daemon = await connectControl(controlSocketPath(folder))
        daemon?.close()
        if (daemon !== undefined) return ok(`${folder}; the assistant runs as process ${daemon.pid}`)
      } catch (error) {
        const fix =
          holder === undefined ? "remove the socket" : `end process ${holder.pid}, then run npm start`
        return fail(`${folder}: ${messageOf(error)}`, fix)
      }
      const holding =
        holder === undefined ? "nothing is running" : `jett ${holder.verb} (process ${holder.pid}) runs`
      return ok(`${folder}; ${holding}`)
    },
  }
}
