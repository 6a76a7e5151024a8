import * as Effect from "effect/Effect"
import type { Config } from "../../config/definition.ts"
import { wyomingClient } from "../../models/wyoming.ts"
import { wyomingEndpoint } from "../../models/wyoming-endpoint.ts"
import { type Check, type Finding, fail, ok } from "./check.ts"

const DEADLINE_MS = 2000

/** Whether the Wyoming server that the configuration names can transcribe. Starts none. */
export function wyomingCheck({ stt, privacy }: Config): Check {
  return {
    id: "stt.wyoming",
    run: () => {
      if (stt.engine !== "wyoming") return ok(`not used: stt.engine is ${stt.engine}`)
      const { wyomingUrl: url, wyomingCommand: command } = stt
      return wyomingEndpoint(url, { allowRemote: privacy.allowRemoteStt }).pipe(
        Effect.flatMap((endpoint) => wyomingClient({ endpoint, deadlineMs: DEADLINE_MS }).describe),
        Effect.match({
          onSuccess: (model): Finding => ok(`${url} has ${model}`),
          onFailure: ({ reason, message }): Finding =>
            reason === "unavailable" && command !== undefined
              ? ok(`nothing at ${url} yet: Jett starts the server with the first use`)
              : failed(message),
        }),
        Effect.runPromise,
      )
    },
  }
}

/** The messages of the client read "what was found; the fix." */
const failed = (message: string): Finding => {
  const [summary = message, fix = "see the server's log"] = message.replace(/\.$/, "").split("; ")
  return fail(summary, fix)
}
