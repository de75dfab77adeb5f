import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("claims become attributes, under their own name or another", () => {
  expect(readConfig({}).OIDC_ATTRIBUTES).toEqual({});
  expect(readConfig({ OIDC_ATTRIBUTES: "region, team=https://acme.test/team,a=b=c" }).OIDC_ATTRIBUTES).toEqual({
    region: "region",
    team: "https://acme.test/team",
    a: "b=c",
  });
});

test.each(["Region", "cost-center", "region=", "=region", "re gion", "team=two words"])("%j is no attribute", (text) => {
  expect(() => readConfig({ OIDC_ATTRIBUTES: text })).toThrow(/`OIDC_ATTRIBUTES.*takes names such as `region`, or `name=claim`/);
});

test("what makes no sense names its variable", () => {
  expect(() => readConfig({ PORT: "a", GATEHOUSE_SECRET: "short" })).toThrow(/`GATEHOUSE_SECRET`.*\n.*`PORT`/);
});
