import type { AudioDevice } from "../ports/audio.ts"
import { type AvailableBackends, availableBackends, listDevices } from "./audio-backends.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { messageOf } from "./failure.ts"
import { printable, printJson, table } from "./output.ts"

type ListedDevice = AudioDevice & { readonly backend: string }

/** The devices of every back end that is made of devices. */
export async function run(
  context: CommandContext,
  backends: AvailableBackends = availableBackends,
): Promise<number> {
  const listed: ListedDevice[] = []
  for (const backend of await backends()) {
    if (backend.id === "file" || backend.id === "null") continue
    try {
      for (const device of await listDevices(backend)) listed.push({ backend: backend.id, ...device })
    } catch (error) {
      context.io.note(`! ${backend.id}: ${messageOf(error)}\n`)
    }
  }
  if (context.json) printJson(context, listed)
  else if (listed.length > 0) context.io.out(table([heading, ...listed.map(cells)]))
  else context.io.note("no microphone and no speaker found; `jett doctor` may tell why\n")
  return ExitCode.ok
}

const heading = ["", "direction", "backend", "name", "description"] as const

const cells = ({ isDefault, direction, backend, name, description }: ListedDevice): readonly string[] => [
  isDefault ? "*" : "",
  direction,
  backend,
  printable(name),
  printable(description),
]
