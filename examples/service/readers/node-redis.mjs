// The settings of all websites, from the Redis that `crisp-sync serve --store` fills. npm install redis
import { createClient } from "redis";

const prefix = `crisp:${process.env.CRISP_STORE_NAME}`;
const redis = await createClient({ url: process.env.REDIS_URL }).connect();
const settings = new Map();
let version = "0";

async function catchUp() {
  // Read before the rest: what is published meanwhile is asked for again.
  const published = (await redis.get(`${prefix}:version`)) ?? "0";
  const ids = await redis.zRange(`${prefix}:websites`, `(${version}`, "+inf", { BY: "SCORE" });
  for (const id of ids) {
    const website = JSON.parse((await redis.get(`${prefix}:website:${id}`)) ?? '{"removed":true}');
    if (website.removed) settings.delete(id);
    else settings.set(id, website.settings);
    console.log(id, JSON.stringify(settings.get(id) ?? null));
  }
  version = published;
}

const listener = await redis.duplicate().connect();
let turn = Promise.resolve();
const soon = () => (turn = turn.then(catchUp));
await listener.subscribe(`${prefix}:changes`, soon);
soon();
// A message that came while the connection was lost is not told again.
setInterval(soon, 60_000);
