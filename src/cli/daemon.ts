import { type ControlClient, connectControl } from "../service/control-client.ts"
import { lockHolder } from "../service/instance-lock.ts"
import { controlSocketPath, runtimeFolder } from "../service/runtime-folder.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { CommandFailure, notRunning, refusalFailure } from "./failure.ts"
import { printJson } from "./output.ts"

/** The daemon of this user, or undefined where none runs. */
export function findDaemon(context: CommandContext): Promise<ControlClient | undefined> {
  return connectControl(controlSocketPath(runtimeFolder(context.env)))
}

/** Calls `use` with the daemon; a failure with exit code 3 where none runs. */
export async function withDaemon<T>(
  context: CommandContext,
  use: (daemon: ControlClient) => Promise<T>,
): Promise<T> {
  const daemon = await findDaemon(context)
  if (daemon === undefined) {
    const holder = lockHolder(runtimeFolder(context.env))
    if (holder === undefined || holder.verb !== "serve") throw notRunning()
    const message = `not running yet: jett serve (process ${holder.pid}) is starting or stopping; try again`
    throw new CommandFailure(message, ExitCode.notRunning, "not-running")
  }
  try {
    return await use(daemon)
  } finally {
    daemon.close()
  }
}

/** One request whose answer is a plain "done": mute, cancel and their like. */
export function tellDaemon(context: CommandContext, method: string, done: string): Promise<number> {
  return withDaemon(context, async (daemon) => {
    const answer = await daemon.request(method, {}, { signal: context.signal })
    if (!answer.ok) throw refusalFailure(answer.code, answer.message)
    if (context.json) printJson(context, { ok: true })
    else context.io.note(`${done}\n`)
    return ExitCode.ok
  })
}
