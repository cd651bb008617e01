// Plain setInterval: a poll is sent whether or not the one before it was answered.

import { serve } from "./serve.cjs";
import { Copy, POLL_MS } from "./sync.cjs";

const copy = new Copy({ overlaps: true, timeout: 120_000 });
serve(() => copy.shown);

setInterval(() => copy.poll(), POLL_MS);
copy.poll();
