import { expect, it } from "vitest"
import { parseHostArguments } from "../../src/models/host-arguments.ts"

it("takes the arguments that the client writes", () => {
  expect(
    parseHostArguments(["--parent=12", "--nice=-5", "--prepare=piper,llama", "--engine-module=/a b/c.mjs"]),
  ).toEqual({
    type: "ok",
    parentPid: 12,
    nice: -5,
    prepare: ["piper", "llama"],
    engineModule: "/a b/c.mjs",
  })
})

it.each([
  [[]],
  [["--nice=1"]],
  [["--parent=0"]],
  [["--parent=12", "--nice=20"]],
  [["--parent=12", "--prepare="]],
  [["--parent=12", "--prepare=piper,other"]],
  [["--parent=12", "--engine-module=relative.mjs"]],
  [["--parent=12", "--engine-module=https://example.org/e.mjs"]],
  [["--parent=12", "--engine-module=file:///e.mjs"]],
  [["--parent=12", "--other=1"]],
  [["--parent=12", "stray"]],
])("refuses %j with a usage line", (argv) => {
  expect(parseHostArguments(argv)).toMatchObject({
    type: "wrong",
    message: expect.stringContaining("--parent=PID"),
  })
})
