import { expect, test } from "vitest"
import { secretsOfEnvironment } from "../../../src/tools/containers/secret-environment.ts"

test.each([
  [["POSTGRES_PASSWORD=hunter-2"], ["hunter-2"]],
  [["N8N_ENCRYPTION_KEY=abc=def=="], ["abc=def=="]],
  [["API_TOKEN=tok-1", "PATH=/usr/bin", "HOME=/root"], ["tok-1"]],
  [["DATABASE=postgres://user:p%40ss@db/app"], ["p%40ss", "p@ss"]],
  [["BROKER=amqp://u:bad%zz@h"], ["bad%zz"]],
  [["POSTGRES_PASSWORD_FILE=/run/secrets/pg"], []],
  [["AUTH=true", "N8N_BASIC_AUTH=enabled", "PASSWORD=", "PIN=123"], []],
  [["no equals sign", "=value", ""], []],
  [["A_SECRET=same-value", "B_SECRET=same-value"], ["same-value"]],
])("Of %j the secrets are %j.", (environment, secrets) => {
  expect(secretsOfEnvironment(environment)).toEqual(secrets)
})
