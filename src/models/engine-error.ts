import type { HostErrorCode } from "../ports/host-protocol.ts"

/** A failure that an engine can name; the host sends `code` and `message` back as they are. */
export class EngineError extends Error {
  readonly _tag = "EngineError"
  readonly code: HostErrorCode

  constructor(code: HostErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "EngineError"
    this.code = code
  }
}
