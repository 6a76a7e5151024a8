import { readVersion } from "../platform/version.ts"
import type { Assistant } from "../ports/assistant.ts"
import { startControlServer } from "../service/control-server.ts"
import { acquireInstanceLock } from "../service/instance-lock.ts"
import { controlSocketPath, runtimeFolder } from "../service/runtime-folder.ts"
import { systemdNotifier } from "../service/systemd-notify.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { narrate } from "./narration.ts"
import { type OpenAssistant, openAssistant } from "./open-assistant.ts"
import { textOption } from "./options.ts"
import { paint } from "./output.ts"
import { loadSettings } from "./settings.ts"

/** Less than the grace of the process, so that what did not end in time is still said. */
const SHUTDOWN_MS = 8_000

/** Runs in the foreground until a signal, `jett stop` or the root's giving up; then drains and ends. */
export async function run(context: CommandContext, open: OpenAssistant = openAssistant): Promise<number> {
  const audio = textOption(context.options, "audio")
  const overrides =
    audio === undefined ? context.overrides : new Map([...context.overrides, ["audio.backend", audio]])
  const { config, warnings } = loadSettings({ ...context, overrides })
  for (const warning of warnings) context.io.note(`${paint(context.io.colour, "yellow", "!")} ${warning}\n`)
  const folder = runtimeFolder(context.env)
  const lock = await acquireInstanceLock(folder, "serve")
  try {
    const assistant = await open(config, { input: "microphone", output: "speaker", signal: context.signal })
    try {
      return await serve(context, assistant, controlSocketPath(folder))
    } finally {
      await shutDown(context, assistant)
    }
  } finally {
    lock.release()
  }
}

async function serve(context: CommandContext, assistant: Assistant, socketPath: string): Promise<number> {
  const { io, env, signal } = context
  let end: (exitCode: number) => void = () => {}
  const ended = new Promise<number>((resolve) => {
    end = resolve
  })
  const unsubscribe = assistant.events((event) => {
    const line = narrate(event, { colour: io.colour, showWords: io.stderrIsTerminal })
    if (line !== undefined) io.note(`${line}\n`)
    if (event.type === "fatal") end(ExitCode.gaveUp)
  })
  if (signal.aborted) end(ExitCode.ok)
  else signal.addEventListener("abort", () => end(ExitCode.ok), { once: true })

  const server = await startControlServer({
    socketPath,
    assistant,
    version: readVersion(),
    onShutdown: () => end(ExitCode.ok),
  })
  const notifier = systemdNotifier(env, () =>
    io.note("! systemd-notify is not installed: the service manager is not told when Jett is ready\n"),
  )
  try {
    const { state, languageModel, notices } = assistant.status()
    for (const notice of notices) io.note(`${paint(io.colour, "yellow", "!")} ${notice}\n`)
    io.note(
      `ready: ${state}; language model: ${languageModel ?? "none, fixed phrases only"}; Ctrl-C ends it\n`,
    )
    await notifier.ready()
    const exitCode = await ended
    io.note("stopping\n")
    await notifier.stopping()
    return exitCode
  } finally {
    notifier.close()
    unsubscribe()
    await server.close()
  }
}

async function shutDown({ io }: CommandContext, assistant: Assistant): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), SHUTDOWN_MS)
  })
  const outcome = await Promise.race([assistant.shutdown(), late])
  clearTimeout(timer)
  if (outcome === "late") io.note(`! not everything had ended after ${SHUTDOWN_MS} ms\n`)
}
