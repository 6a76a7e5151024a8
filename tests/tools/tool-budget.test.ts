import { expect, test } from "vitest"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { buildPolicy } from "../../src/security/policy.ts"
import { makeRedactor } from "../../src/security/redact.ts"
import { buildMessages, SYSTEM_PROMPT } from "../../src/text/prompt.ts"
import { clockTools } from "../../src/tools/clock-tool.ts"
import { containerTools } from "../../src/tools/containers/container-tools.ts"
import { systemStatusTool } from "../../src/tools/system-status-tool.ts"
import { noTimerTools } from "../../src/tools/timers/timer-tools.ts"
import { containerRig } from "../support/container-rig.ts"

test("All tools, over four containers, leave room for a question and a few turns in the default context.", () => {
  const all = ["status", "logs", "stats", "start", "restart", "stop"]
  const names = ["n8n", "postgres", "qdrant", "portainer"]
  const built = buildPolicy(names.map((name) => ({ name, allow: all })))
  if (!built.ok) throw new Error("a good table")
  const tools = [
    ...clockTools({
      now: () => ({ hour: 12, minute: 0, weekday: 1, day: 2, month: 3, year: 2026, hourFormat: 12 }),
    }),
    ...noTimerTools,
    systemStatusTool({ models: () => ({ models: [], pools: null }) }),
    ...containerTools({
      policy: built.policy,
      engine: containerRig({ socketPath: "/nowhere" }).engine,
      redactor: makeRedactor(),
      clock: monotonicClock,
      wallNow: Date.now,
    }),
  ].map(({ definition }) => definition)
  const prompt = buildMessages({
    systemPrompt: SYSTEM_PROMPT,
    history: [],
    userText: "Is everything all right with the automation server, and if not, what is the matter with it?",
    tools,
    contextTokens: 2048,
    replyTokens: 256,
  })
  if (prompt._tag !== "Prompt") throw new Error(prompt.message)
  expect(tools).toHaveLength(13)
  expect(2048 - 256 - prompt.promptTokens).toBeGreaterThan(600)
})
