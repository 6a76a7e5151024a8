import { CONTAINER_ACTIONS } from "../security/container-actions.ts"
import { choices, optionalFlag, optionalInteger, optionalText, texts } from "./setting.ts"

/** What stands in a table `[containers.NAME]`. */
export const containerSettings = {
  allow: choices(CONTAINER_ACTIONS, ["status"], "What may be done to it; nothing else is."),
  database: optionalFlag(
    "true where the name has that of a common database in it",
    "A database: whatever changes it needs the PIN.",
  ),
  aliases: texts("Other ways of saying its name; `jett tools hear NAME` proposes some."),
  spoken: optionalText("its name in words", "How Jett says its name."),
  project: optionalText(
    "not checked",
    "The compose project that it must belong to, as a second proof of its identity.",
  ),
  service: optionalText("not checked", "The compose service that it must be."),
  stop_grace_s: optionalInteger(
    "docker.stop_grace_s, and at least 60 for a database",
    { min: 1, max: 600 },
    "How long it may take to stop before it is killed.",
  ),
} as const
