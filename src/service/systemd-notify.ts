import { spawn } from "node:child_process"
import type { Environment } from "../config/paths.ts"

export interface ServiceNotifier {
  ready(): Promise<void>
  stopping(): Promise<void>
  /** Ends the watchdog's beat. */
  close(): void
}

const silent: ServiceNotifier = {
  ready: () => Promise.resolve(),
  stopping: () => Promise.resolve(),
  close: () => {},
}

/**
 * Tells systemd that the service is ready, alive and stopping, where it asks for that (`NOTIFY_SOCKET`). Node cannot
 * write to a Unix datagram socket, so the `systemd-notify` program does it; being a child, it needs
 * `NotifyAccess=all` in the unit. `onMissing` is called once where the program is not installed.
 */
export function systemdNotifier(env: Environment, onMissing: () => void): ServiceNotifier {
  if (!env["NOTIFY_SOCKET"]) return silent
  let missing = false
  let beat: NodeJS.Timeout | undefined
  const send = (state: string): Promise<void> =>
    new Promise((resolve) => {
      if (missing) {
        resolve()
        return
      }
      const child = spawn("systemd-notify", [state], { stdio: "ignore", timeout: 5_000, env: { ...env } })
      child.on("error", () => {
        if (!missing) onMissing()
        missing = true
        resolve()
      })
      child.on("exit", () => resolve())
    })
  return {
    ready: async () => {
      await send("READY=1")
      const intervalMs = watchdogMs(env)
      // Half the limit, as sd_watchdog_enabled(3) advises. A blocked event loop misses it, which is the point.
      if (intervalMs !== undefined) beat = setInterval(() => void send("WATCHDOG=1"), intervalMs / 2)
    },
    stopping: () => send("STOPPING=1"),
    close: () => clearInterval(beat),
  }
}

function watchdogMs(env: Environment): number | undefined {
  const pid = env["WATCHDOG_PID"]
  if (pid !== undefined && Number(pid) !== process.pid) return undefined
  const limitUs = Number(env["WATCHDOG_USEC"])
  return Number.isFinite(limitUs) && limitUs > 0 ? limitUs / 1_000 : undefined
}
