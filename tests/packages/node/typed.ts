// What the types let through, and what they do not.

import { start, type Entry } from "crisp-mock";
import { crispTest } from "crisp-mock/node-test";
import { test as withVitest } from "crisp-mock/vitest";
import { test as withJest } from "crisp-mock/jest";

export async function use(): Promise<Entry[]> {
  await using mock = await start({ websites: 3, clock: "manual", args: ["--quota", "10"] });
  const space = await mock.space({ page_size: 1 });
  await space.fault("since#2", { status: 503, retry_after: "5s" });
  await space.fault([{ at: "list", lose_answer: true }]);
  // @ts-expect-error a fault has no such effect
  await space.fault("since", { statuss: 503 });
  // @ts-expect-error there is no such clock
  await mock.space({ clock: "sundial" });
  const { elapsed_ms } = await space.advance("20s");
  return elapsed_ms === 20_000 ? space.requests({ operation: "since", wait: "5s" }) : [];
}

crispTest({ websites: 1 })("a name", async ({ crisp, t }) => t.diagnostic(crisp.url));
withVitest("a name", async ({ crisp }) => crisp.expectNoUnfired());
withJest("a name", async ({ crisp }) => crisp.expectNoUnfired());
