/** The vocabulary of the guard: plain words, no text that a model, a log or a caller wrote. */

/** What may be done to a container. */
export type ContainerAction = "status" | "logs" | "stats" | "start" | "restart" | "stop"

/**
 * What a call may cost. `read` changes nothing; `change` needs a spoken confirmation; `danger` a PIN; `own` changes
 * something of Jett's alone, such as a timer, and needs a confirmation only in a tainted conversation.
 */
export type Tier = "read" | "own" | "change" | "danger"

/** Who wrote the call. Only a fixed phrase is the user's own words. */
export type CallOrigin = "phrase" | "model" | "command-line"

/** What the rules say about a call before anybody is asked. */
export type Decision =
  | { readonly type: "allow" }
  | { readonly type: "confirm"; readonly by: "word" | "pin" }
  | { readonly type: "deny"; readonly code: DenialCode }

export type DenialCode =
  /** The arguments are not what the tool takes. */
  | "malformed"
  | "unknown-tool"
  | "unknown-container"
  /** The container is in the table, the action is not in its row. */
  | "not-permitted"
  /** The transcript was doubtful, and the call changes something. */
  | "not-confident"
  | "rate-limited"
  /** Another confirmation is pending. */
  | "consent-pending"
  /** Too many failed confirmations of this operation. */
  | "locked"
  /** A PIN is wanted, which is typed elsewhere: the sentence says where. */
  | "pin-needed"
  | "pin-not-set"
  | "refused-by-user"
  | "consent-expired"
  /** Another call for this container did not end in time. */
  | "container-busy"
  | "audit-unavailable"
  | "not-connected"
  /** The engine could not be asked about the container before anything was done. */
  | "engine-away"
  /** The container is not the one that the table, or the question, meant. */
  | "identity"
  | "timed-out"
  | "cancelled"
  | "internal"

/** How an operation that was begun ended. `unknown` is never said as done. */
export type OperationOutcome = "done" | "unchanged" | "failed" | "identity-changed" | "unknown"
