import { describe, expect, it } from "vitest"
import type { SupervisorFlags } from "../../../src/machines/supervision/supervision-types.ts"
import { ABNORMAL, NORMAL, runningRig, SHUTDOWN, type Spec } from "../../support/supervision-rig.ts"

/** The cases are those of the group "significant" of Erlang/OTP's supervisor_SUITE. */
const rig = (autoShutdown: SupervisorFlags["autoShutdown"], ...specs: readonly Spec[]) =>
  runningRig({ pastIntensity: "escalate", intensity: 5, backoffMs: 0, autoShutdown }, ...specs)

type Rig = ReturnType<typeof rig>

const stopOne = (top: Rig, id: string): void => {
  top.unwanted(id)
  top.down(id, SHUTDOWN)
}
const end = (top: Rig) => top.state().end
const pair = (restart: "temporary" | "transient"): readonly Spec[] => [
  { id: "a", restart, significant: true },
  { id: "b", restart, significant: true },
  { id: "c", restart },
]

describe("significant children", () => {
  it.each(["never", "any_significant", "all_significant"] as const)(
    "nonsignificant_temporary, nonsignificant_transient: the end of another child means nothing under %s",
    (autoShutdown) => {
      for (const restart of ["temporary", "transient"] as const) {
        const top = rig(autoShutdown, { id: "a", restart })
        stopOne(top, "a")
        for (const reason of [ABNORMAL, NORMAL]) {
          top.wanted("a")
          if (top.child("a").phase === "starting") top.up("a")
          top.down("a", reason)
          if (top.child("a").phase === "starting") top.up("a")
        }
        expect(top.state().mode).toBe("running")
      }
    },
  )

  it.each([NORMAL, ABNORMAL, { type: "crashed", error: "" } as const])(
    "significant_temporary: with any_significant the first that ends, as $type, ends the supervisor, unless it was told to",
    (reason) => {
      const top = rig("any_significant", ...pair("temporary"))
      stopOne(top, "a")
      expect(top.state().mode).toBe("running")
      top.wanted("a")
      top.up("a")
      top.commands.splice(0)
      top.down("a", reason)
      expect(end(top)).toEqual({ type: "auto-shutdown", child: "a" })
      expect(top.contexts()).toEqual(["child-terminated a", "auto-shutdown a"])
      top.down("c", SHUTDOWN)
      top.down("b", SHUTDOWN)
      expect(top.doings()).toEqual(["stop c", "stop b"])
      expect(top.state().mode).toBe("stopped")
    },
  )

  it.each(["temporary", "transient"] as const)(
    "significant_%s: with all_significant the last one that ends ends the supervisor",
    (restart) => {
      const top = rig("all_significant", ...pair(restart))
      top.down("a", NORMAL)
      expect(top.state().mode).toBe("running")
      top.down("b", NORMAL)
      expect(end(top)).toEqual({ type: "auto-shutdown", child: "b" })
    },
  )

  it("significant_transient: one that is restarted does not end the supervisor, one that ended in good order does", () => {
    const top = rig("any_significant", ...pair("transient"))
    stopOne(top, "a")
    top.wanted("a")
    top.up("a")
    top.down("a", ABNORMAL)
    top.up("a")
    expect(top.state().mode).toBe("running")
    top.down("a", NORMAL)
    expect(end(top)?.type).toBe("auto-shutdown")
  })

  it("one that is about to start again, or was never up, is still there for all_significant", () => {
    const top = runningRig(
      { pastIntensity: "escalate", intensity: 5, autoShutdown: "all_significant" },
      { id: "a", restart: "transient", significant: true },
      { id: "b", restart: "temporary", significant: true },
    )
    top.down("a", ABNORMAL)
    top.fault("a")
    expect(top.child("a").phase).toBe("backing-off")
    top.down("b", NORMAL)
    expect(top.state().mode).toBe("running")
  })

  it.each(
    (["one_for_one", "rest_for_one", "one_for_all"] as const).flatMap((strategy) =>
      (["any_significant", "all_significant"] as const).map((autoShutdown) => ({ strategy, autoShutdown })),
    ),
  )(
    "significant_bystander: those that go down with a sibling do not end the supervisor ($strategy, $autoShutdown)",
    (flags) => {
      const top = runningRig(
        { ...flags, pastIntensity: "escalate" },
        { id: "a", restart: "transient", significant: true },
        { id: "b", restart: "transient" },
        { id: "c", restart: "temporary", significant: true },
      )
      top.down("b", ABNORMAL)
      for (const id of ["c", "a"]) if (top.child(id).phase === "stopping") top.down(id, NORMAL)
      for (const id of ["a", "b"]) if (top.child(id).phase === "starting") top.up(id)
      expect(end(top)).toBeUndefined()
      expect(top.child("b").phase).toBe("running")
    },
  )
})
