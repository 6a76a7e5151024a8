import type { CommandContext } from "./command.ts"
import { tellDaemon } from "./daemon.ts"

export const run = (context: CommandContext): Promise<number> => tellDaemon(context, "cancel", "cancelled")
