import { parseEngineHost } from "../security/engine-host.ts"
import type { TextRule } from "./setting.ts"

export const httpUrl: TextRule = {
  expected: 'an http or https address such as "http://127.0.0.1:11434"',
  test: (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
}

export const timeZone: TextRule = {
  expected: 'an IANA time zone such as "Europe/Paris"',
  test: (value) => {
    try {
      return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone !== ""
    } catch {
      return false
    }
  },
}

export const keepAlive: TextRule = {
  expected: 'a duration such as "30m" or "-1" (for ever)',
  test: (value) => /^-?\d+(ms|s|m|h)?$/.test(value),
}

export const modelId: TextRule = {
  expected: "a model id as `jett models ls` prints it",
  test: (value) => /^[a-z0-9][a-z0-9._-]*$/.test(value),
}

export const absolutePath: TextRule = {
  expected: "an absolute path",
  test: (value) => value.startsWith("/") || /^[A-Za-z]:[\\/]/.test(value),
}

export const wyomingUrl: TextRule = {
  expected: 'an address such as "tcp://127.0.0.1:10300" or "unix:///run/user/1000/stt.sock"',
  test: (value) => /^tcp:\/\/[^/?#\s]+:\d+\/?$/.test(value) || /^unix:\/\/\/.+$/.test(value),
}

export const dockerHost: TextRule = {
  expected: 'an address such as "unix:///run/docker.sock", "tcp://10.0.0.2:2376" or "ssh://user@10.0.0.2"',
  // Whether it needs TLS depends on other settings.
  test: (value) => parseEngineHost(value, { plainTcp: true }).ok,
}
