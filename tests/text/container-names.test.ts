import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { spokenContainers } from "../../src/security/spoken-containers.ts"
import {
  BARE,
  EXACT,
  type HeardName,
  resolveContainerName,
  whichContainer,
} from "../../src/text/container-names.ts"
import { policyOf, serverContainers } from "../support/server-containers.ts"

const spokenAs = (...names: readonly string[]) =>
  spokenContainers(policyOf(names.map((name) => ({ name, allow: ["status"] }))))

const homeServer = spokenAs(
  ...["n8n", "postgres", "qdrant", "portainer", "grafana", "redis", "traefik", "nextcloud", "vaultwarden"],
  ...["home-assistant", "jellyfin", "mosquitto", "caddy", "prometheus", "minio"],
)

/** "n8n", "n8n?" where it asks, several with "or" between them, or "". */
const inShort = (heard: HeardName): string =>
  heard.type === "known"
    ? heard.name
    : heard.type === "unknown"
      ? ""
      : `${heard.candidates.map(({ name }) => name).join(" or ")}?`

test.each([
  ["n8n", "n8n"],
  ["N 8 N", "n8n"],
  ["n eight n", "n8n"],
  ["N-A-N", "n8n"],
  ["and ate in.", "n8n"],
  ["Quadrant", "qdrant"],
  ["qdrant", "qdrant"],
  ["post-gres", "postgres"],
  ["Home Assistant", "home-assistant"],
])("%j is a name of the table", (heard, name) => {
  expect(resolveContainerName(heard, homeServer, EXACT)).toEqual({ type: "known", name })
})

// What Moonshine tiny wrote when Kokoro voices said the name on the right.
test.each([
  ["Ridie's", "redis"],
  ["vaultward in", "vaultwarden"],
  ["Valtwarden", "vaultwarden"],
  ["jellophin", "jellyfin"],
  ["jelephin", "jellyfin"],
  ["mosquito", "mosquitto"],
  ["Miss Quito", "mosquitto"],
  ["pro-methius", "prometheus"],
  ["an eight and", "n8n"],
])("%j is taken for what it sounds like", (heard, name) => {
  expect(inShort(resolveContainerName(heard, homeServer))).toBe(name)
})

test.each([
  ["graf on her", "grafana?"],
  ["many", "minio?"],
  ["Gaudia", "caddy?"],
])("%j takes a question", (heard, question) => {
  expect(inShort(resolveContainerName(heard, homeServer))).toBe(question)
})

test.each(["", "...", "the", "washing machine", "music", "everything", "it", "my computer", "a", "light"])(
  "%j is no container",
  (heard) => {
    expect(resolveContainerName(heard, homeServer)).toEqual({ type: "unknown" })
  },
)

test.each(["that", "this one", "going", "it going", "the weather", "your day", "over", "talking", "now"])(
  "%j, as in ordinary sentences, is none without the word container",
  (heard) => {
    expect(resolveContainerName(heard, homeServer, BARE)).toEqual({ type: "unknown" })
  },
)

describe("where two are near", () => {
  const twins = spokenAs("web-main", "web-mail", "postgres")

  test("neither is taken", () => {
    expect(inShort(resolveContainerName("web mace", twins))).toBe("web-main or web-mail?")
  })

  test("a name that was said exactly is taken all the same", () => {
    expect(inShort(resolveContainerName("web mail", twins))).toBe("web-mail")
  })

  test("and cannot be told apart at all, both are asked about", () => {
    expect(inShort(resolveContainerName("my app", spokenAs("my-app", "my.app")))).toBe("my-app or my.app?")
  })
})

test("the question has the names as they are said", () => {
  const [n8n, postgres, qdrant] = serverContainers
  if (n8n === undefined || postgres === undefined || qdrant === undefined) throw new Error("three containers")
  expect(whichContainer([n8n])).toBe("Did you mean n eight n?")
  expect(whichContainer([n8n, qdrant])).toBe("Did you mean n eight n or quadrant?")
  expect(whichContainer([n8n, postgres, qdrant])).toBe("Did you mean n eight n, postgres or quadrant?")
})

test("whatever is heard, only names of the table come out, and the table's own names always do", () => {
  const names = homeServer.map(({ name }) => name)
  const ways = homeServer.flatMap(({ spoken }) => spoken)
  const heard = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string(),
    fc.tuple(fc.constantFrom(...ways), fc.string({ maxLength: 3 })).map(([way, more]) => way + more),
  )
  fc.assert(
    fc.property(heard, (text) => {
      const found = resolveContainerName(text, homeServer)
      const given =
        found.type === "known"
          ? [found.name]
          : found.type === "ambiguous"
            ? found.candidates.map(({ name }) => name)
            : []
      for (const name of given) expect(names).toContain(name)
      if (found.type === "ambiguous") expect(given.length).toBeGreaterThan(0)
    }),
    { numRuns: 1000 },
  )
  for (const { name, spoken } of homeServer) {
    for (const way of [name, ...spoken])
      expect([way, inShort(resolveContainerName(way, homeServer))]).toEqual([way, name])
  }
})
