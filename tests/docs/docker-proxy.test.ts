import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "docker-proxy.md"), "utf8")

const patternOf = (method: string): string => new RegExp(`^-allow${method}=(.*)$`, "m").exec(page)?.[1] ?? ""

/** As the proxy does it: no group of its own. */
const allows = (method: string, path: string, pattern = patternOf(method)): boolean =>
  new RegExp(`^${pattern}$`).test(path)

describe("The patterns for the proxy", () => {
  test.each([
    ["GET", "/version"],
    ["GET", "/v1.41/containers/n8n/json"],
    ["GET", "/v1.44/containers/postgres/logs"],
    ["GET", "/v1.51/containers/qdrant/stats"],
    ["POST", "/v1.44/containers/n8n/restart"],
    ["POST", "/v1.44/containers/qdrant/start"],
    ["POST", "/v1.44/containers/n8n/stop"],
  ])("let through %s %s.", (method, path) => {
    expect(allows(method, path)).toBe(true)
  })

  test.each([
    ["GET", "/version/../containers/json"],
    ["GET", "/v1.44/containers/json"],
    ["GET", "/v1.44/containers/n8n/archive"],
    ["GET", "/v1.44/containers/n8n/export"],
    ["GET", "/v1.44/containers/n8n/attach/ws"],
    ["GET", "/v1.44/containers/n8n2/json"],
    ["GET", "/v1.44/containers/xn8n/json"],
    ["GET", "/x/v1.44/containers/n8n/json"],
    ["GET", "/v1.44/containers/n8n/json/../../x/json"],
    ["GET", "/v1144/containers/n8n/json"],
    ["POST", "/v1.44/containers/postgres/restart"],
    ["POST", "/v1.44/containers/n8n/kill"],
    ["POST", "/v1.44/containers/n8n/exec"],
    ["POST", "/v1.44/containers/n8n/restart/../../x/exec"],
    ["POST", "/v1.44/containers/create/containers/qdrant/restart"],
    ["POST", "/v1.44/containers/n8n/../portainer/restart"],
    ["POST", "/containers/n8n/restart\n"],
    ["POST", "/v1.44/images/prune"],
  ])("keep out %s %s.", (method, path) => {
    expect(allows(method, path)).toBe(false)
  })

  test("are held together by their parentheses.", () => {
    for (const method of ["GET", "POST"]) expect(patternOf(method)).toMatch(/^\(.*\)$/)
    const without = patternOf("GET").slice(1, -1)
    expect(allows("GET", "/version/../containers/json", without)).toBe(true)
  })
})
