import { deadlineMs, integer, optionalText } from "./setting.ts"
import { absolutePath, dockerHost } from "./text-rules.ts"

/** The engine, the guard before it, and its log; which containers there are is `containerSettings`. */
export const guardSections = {
  docker: {
    doc: "The container engine of your server.",
    settings: {
      host: optionalText(
        "no container engine is contacted",
        "Where the engine listens: unix://, tcp:// or ssh://. Best a filtering proxy in front of it.",
        dockerHost,
      ),
      ca: optionalText(
        "the system's",
        "For tcp with TLS: who signed the engine's certificate.",
        absolutePath,
      ),
      cert: optionalText("no TLS", "For tcp with TLS: our certificate.", absolutePath),
      key: optionalText("no TLS", "For tcp with TLS: the key of our certificate.", absolutePath),
      timeout_ms: integer(10_000, deadlineMs, "How long the engine may take to answer what changes nothing."),
      stop_grace_s: integer(
        10,
        { min: 1, max: 600 },
        "How long a container may take to stop before it is killed; a database has at least 60 s unless its own table says otherwise.",
      ),
    },
  },
  guard: {
    doc: "What stands between a command and the container engine.",
    settings: {
      per_minute: integer(10, { min: 1, max: 60 }, "Operations in any 60 seconds."),
      denied_per_minute: integer(30, { min: 1, max: 600 }, "Refused calls in any 60 seconds."),
      confirmation_s: integer(
        20,
        { min: 5, max: 60 },
        "How long a spoken question waits for its answer, from when it has been heard.",
      ),
      pin_wait_s: integer(120, { min: 10, max: 600 }, "How long an operation waits for the PIN."),
      lock_minutes: integer(
        5,
        { min: 1, max: 1_440 },
        "How long an operation is refused after three failed confirmations, and the PIN after three wrong ones.",
      ),
    },
  },
  audit: {
    doc: "The log of what was asked of the guard and what became of it.",
    settings: {
      retention_days: integer(
        90,
        { min: 1, max: 3_650 },
        "What was asked and observed is erased after so long; that it happened stays, and stays provable.",
      ),
    },
  },
} as const
