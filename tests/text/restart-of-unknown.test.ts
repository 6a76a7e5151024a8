import { expect, it } from "vitest"
import { restartOfUnknown } from "../../src/text/restart-of-unknown.ts"

it.each([
  ["Restart grafana.", "grafana"],
  ["Could you please restart Home Assistant now?", "home assistant"],
  ["reboot web-1", "web 1"],
  ["Restart an8n", "an8n"],
])("%j names a container that is not known", (text, container) => {
  expect(restartOfUnknown(text)?.tool).toEqual({ name: "restart_container", arguments: { container } })
})

it.each(
  `
Restart
Restart it.
Restart that one.
Restart yourself.
Restart everything.
Restart the computer.
Restart my router.
Restart from the beginning.
Restart in five minutes.
Restart again.
Restart the story.
Restart conversation.
Restart timer.
Restart grafana and then postgres.
Restart grafana when the backup is done.
Why did grafana restart?
How do I restart grafana?
What does restart mean?
Start grafana.
Start cooking dinner.
Start a timer.
Stop it.
Stop talking.
Stop laughing.
Stop grafana.
`
    .trim()
    .split("\n"),
)("%j does not", (text) => {
  expect(restartOfUnknown(text)).toBeUndefined()
})
