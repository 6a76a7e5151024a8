import type { ExitReason } from "../../ports/child.ts"
import type { SupervisorEnd } from "./supervision-types.ts"

/** The reason as the end of a sentence. */
export const describeExit = (reason: ExitReason): string => {
  switch (reason.type) {
    case "normal":
      return "it ended by itself"
    case "shutdown":
      return reason.detail ?? "it was shut down"
    case "killed":
      return `killed by ${reason.signal}`
    case "crashed":
      return reason.error
    case "hung":
      return `hung, ${reason.detail}`
  }
}

/** Why a supervisor ended, for a person. */
export const describeEnd = (supervisor: string, end: SupervisorEnd): string => {
  switch (end.type) {
    case "stopped":
      return `Supervisor "${supervisor}" was stopped.`
    case "auto-shutdown":
      return `Supervisor "${supervisor}" ended with its significant child "${end.child}".`
    case "start-failed":
      return `Supervisor "${supervisor}" could not start its child "${end.child}": ${describeExit(end.reason)}`
    case "escalated":
      return `Supervisor "${supervisor}" gave up after ${end.restarts} restarts within ${end.periodMs / 1000} s, at last of "${end.child}": ${describeExit(end.reason)}`
  }
}

/** Nobody asked for such an end. Where it is the root's, the process cannot go on. */
export const isFatal = ({ type }: SupervisorEnd): boolean => type === "escalated" || type === "start-failed"

/** What the parent of a supervisor gets to see: as in OTP a shutdown, whatever the cause, which is in the detail. */
export const exitOf = (supervisor: string, end: SupervisorEnd): ExitReason =>
  end.type === "stopped" ? { type: "shutdown" } : { type: "shutdown", detail: describeEnd(supervisor, end) }
