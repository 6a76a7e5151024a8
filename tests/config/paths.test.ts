import { expect, test } from "vitest"
import { configFile, dataFolder, stateFolder } from "../../src/config/paths.ts"

test("the folders are the XDG ones, and a relative XDG variable is ignored", () => {
  expect(configFile({ HOME: "/h" })).toBe("/h/.config/jett/config.toml")
  expect(configFile({ HOME: "/h", XDG_CONFIG_HOME: "/c" })).toBe("/c/jett/config.toml")
  expect(configFile({ HOME: "/h", XDG_CONFIG_HOME: "c" })).toBe("/h/.config/jett/config.toml")
  expect(configFile({ HOME: "/h", JETT_CONFIG: "/x.toml" })).toBe("/x.toml")
  expect(dataFolder({ HOME: "/h" })).toBe("/h/.local/share/jett")
  expect(stateFolder({ HOME: "/h", XDG_STATE_HOME: "/s" })).toBe("/s/jett")
})
